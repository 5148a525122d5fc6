import { z } from 'zod';
import { isDigest } from '../oci/digest.ts';
import { ALL_PLATFORMS, platformSetOf } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isTag } from '../oci/tag.ts';
import type { ReleaseRecord } from '../sync/push/push-record.ts';
import { digestColumn, jsonColumn, nameColumn, parseRow, tagColumn } from './row-schema.ts';

const platforms = jsonColumn(z.array(z.string()));

const releaseRow = z.object({
  name: nameColumn,
  tag: tagColumn,
  digest: digestColumn.nullable(),
  platformsJson: platforms,
  pushId: z.string(),
  acceptedAt: z.number(),
});

/** From a row of `releases` or of `tags`, which has the same columns, with the platforms of its push. */
export function parseRelease(row: unknown): ReleaseRecord {
  const { platformsJson, ...same } = parseRow(releaseRow, row, 'a release');
  return { ...same, platformSet: platformSetOf(platformsJson) };
}

/**
 * As `parseRelease`, for hundreds of thousands of rows: a list of the columns (the platforms null where they are all),
 * checked by hand with the same result.
 */
export function releaseOf(name: RepositoryName, row: readonly unknown[]): ReleaseRecord {
  const [tag, digest, platformsJson, pushId, acceptedAt] = row;
  if (
    typeof tag !== 'string' ||
    !isTag(tag) ||
    typeof digest !== 'string' ||
    platformsJson !== null ||
    !isDigest(digest) ||
    typeof pushId !== 'string' ||
    typeof acceptedAt !== 'number'
  )
    return parseRelease({ name, tag, digest, platformsJson: platformsJson ?? '[]', pushId, acceptedAt });
  return { name, tag, digest, platformSet: ALL_PLATFORMS, pushId, acceptedAt };
}
