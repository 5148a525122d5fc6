import { Failure } from '../../kernel/failure.ts';
import { type ImageReference, parseImageReference } from '../../oci/reference.ts';
import type { Tag } from '../../oci/tag.ts';
import type { SourceEntry } from '../../regions/world.ts';

export type SourceReference = { readonly key: string; readonly image: ImageReference };

/**
 * `KEY/name[:tag|@digest]` → the configured source and the image there; the longest key that fits wins. Without tag
 * and digest the image's own tag is meant. Throws `source_unknown` or `validation_failed`.
 */
export function parseSourceReference(
  text: string,
  sources: readonly Pick<SourceEntry, 'key'>[],
  tag: Tag,
): SourceReference {
  const key = sources
    .map((source) => source.key)
    .filter((candidate) => text.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length)[0];
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
