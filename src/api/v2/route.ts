/** What a path of the protocol speaks of. Names and references are text still: whoever handles the route parses them. */
export type Route =
  | { readonly kind: 'ping' }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string };

// Names hold slashes and may themselves hold a part called "blobs" or "tags": paths are read from the right, which
// a greedy name does.
const UPLOADS = /^(.+)\/blobs\/uploads\/?$/;
const UPLOAD = /^(.+)\/blobs\/uploads\/([^/]+)$/;
const BLOB = /^(.+)\/blobs\/([^/]+)$/;
const MANIFEST = /^(.+)\/manifests\/([^/]+)$/;
const TAGS = /^(.+)\/tags\/list$/;
const REFERRERS = /^(.+)\/referrers\/([^/]+)$/;

/** A request's path → what it speaks of, or undefined when the protocol has no such path. */
export function findRoute(encodedPath: string): Route | undefined {
  const path = decode(encodedPath);
  if (path === '/v2' || path === '/v2/') return { kind: 'ping' };
  if (path === undefined || !path.startsWith('/v2/')) return undefined;
  const rest = path.slice('/v2/'.length);
  let match = UPLOADS.exec(rest);
  if (match?.[1] !== undefined) return { kind: 'uploads', repository: match[1] };
  match = UPLOAD.exec(rest);
  if (match?.[1] !== undefined && match[2] !== undefined) return { kind: 'upload', repository: match[1], id: match[2] };
  match = BLOB.exec(rest);
  if (match?.[1] !== undefined && match[2] !== undefined)
    return { kind: 'blob', repository: match[1], digest: match[2] };
  match = MANIFEST.exec(rest);
  if (match?.[1] !== undefined && match[2] !== undefined)
    return { kind: 'manifest', repository: match[1], reference: match[2] };
  match = TAGS.exec(rest);
  if (match?.[1] !== undefined) return { kind: 'tags', repository: match[1] };
  match = REFERRERS.exec(rest);
  if (match?.[1] !== undefined && match[2] !== undefined)
    return { kind: 'referrers', repository: match[1], digest: match[2] };
  return undefined;
}

function decode(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
