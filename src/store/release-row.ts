import { z } from 'zod';
import { isDigest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isTag } from '../oci/tag.ts';
import type { ReleaseRecord } from '../sync/push/push-record.ts';
import { digestColumn, nameColumn, parseRow, tagColumn } from './row-schema.ts';

const releaseRow = z.object({
  name: nameColumn,
  tag: tagColumn,
  digest: digestColumn.nullable(),
  pushId: z.string(),
  acceptedAt: z.number(),
});

/** From a row of `releases` or of `tags`, which has the same columns. */
export function parseRelease(row: unknown): ReleaseRecord {
  return parseRow(releaseRow, row, 'a release');
}

/** As `parseRelease`, for hundreds of thousands of rows: a list of the columns, checked by hand with the same result. */
export function releaseOf(name: RepositoryName, row: readonly unknown[]): ReleaseRecord {
  const [tag, digest, pushId, acceptedAt] = row;
  if (
    typeof tag !== 'string' ||
    !isTag(tag) ||
    typeof digest !== 'string' ||
    !isDigest(digest) ||
    typeof pushId !== 'string' ||
    typeof acceptedAt !== 'number'
  )
    return parseRelease({ name, tag, digest, pushId, acceptedAt });
  return { name, tag, digest, pushId, acceptedAt };
}

export const RELEASE_COLUMNS = ['name', 'tag', 'digest', 'pushId', 'acceptedAt'] as const;
