import { Failure } from '../../kernel/failure.ts';
import { type ImageReference, parseImageReference } from '../../oci/reference.ts';
import type { Tag } from '../../oci/tag.ts';
import { findSource } from '../../regions/find-source.ts';
import type { SourceEntry } from '../../regions/world.ts';

export type SourceReference = { readonly key: string; readonly image: ImageReference };

/**
 * `KEY/name[:tag|@digest]` → the configured source and the image there; the longest key that fits wins, then what a
 * pattern matches up to the first slash. Without tag and digest the image's own tag is meant. Throws `source_unknown` or `validation_failed`.
 */
export function parseSourceReference(text: string, sources: readonly SourceEntry[], tag: Tag): SourceReference {
  const key = findKey(text, sources);
  if (key === undefined) {
    const known = sources.map((source) => source.key).join(', ');
    throw new Failure(
      'source_unknown',
      `"${text.slice(0, 200)}" begins with no configured source; the sources are: ${known || 'none'}`,
      {
        errors: [
          {
            path: 'source',
            detail: `must be KEY/name[:tag|@digest] with KEY one of: ${known || '(no sources are configured)'}`,
          },
        ],
      },
    );
  }
  const image = parseImageReference(text.slice(key.length + 1));
  return { key, image: image.tag === null && image.digest === null ? { ...image, tag } : image };
}

function findKey(text: string, sources: readonly SourceEntry[]): string | undefined {
  const [written] = sources
    .map((source) => source.key)
    .filter((candidate) => !candidate.includes('*') && text.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length);
  if (written !== undefined) return written;
  const host = text.slice(0, Math.max(0, text.indexOf('/')));
  return findSource(sources, host)?.key;
}
