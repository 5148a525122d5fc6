/**
 * What is wrong with a registry's or source's URL, which must be an origin; undefined when it is fine. Never repeats
 * its user info. `pathBelongs` says where a path must be written instead.
 */
export function findOriginMistake(text: string, pathBelongs: 'prefix' | 'reference' = 'prefix'): string | undefined {
  const url = URL.parse(text);
  if (!/^https?:\/\//i.test(text)) return 'must begin with https:// (or http:// for a registry without TLS)';
  // "\" and tabs are read as "/" or dropped by the URL standard; written here they are typing mistakes.
  if (url === null || url.host === '' || /[\s\\]/.test(text))
    return 'must be a URL such as https://registry.example:5000';
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return 'must not hold a user or password; write them under credentials, as env:NAME or file:PATH';
  }
  if (/[?#]/.test(text)) return 'must be a bare origin, without a query or fragment';
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (path === 'v2' || path.startsWith('v2/')) return 'must be a bare origin; /v2/ is added by the protocol';
  if (path === '') return undefined;
  return pathBelongs === 'prefix'
    ? `must be a bare origin; write its path as prefix: ${path.slice(0, 60)}`
    : 'must be a bare origin; its path is written in what a push names: KEY/path/name:tag';
}

/** `https://Host:443/` → `https://host`. */
export function normaliseOrigin(text: string): string {
  return new URL(text).origin;
}
