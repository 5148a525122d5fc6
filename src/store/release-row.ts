import { z } from 'zod';
import { isDigest } from '../oci/digest.ts';
import { isTag } from '../oci/tag.ts';
import type { ReleaseRecord } from '../sync/push/push-record.ts';
import type { KnownNames } from './known-names.ts';
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

/** As `parseRelease`, for hundreds of thousands of rows at a start: checked by hand, with the same result. */
export function releaseParser(names: KnownNames): (row: unknown) => ReleaseRecord {
  return (row) => findUsual(row as Readonly<Record<string, unknown>>, names) ?? parseRelease(row);
}

function findUsual(row: Readonly<Record<string, unknown>>, names: KnownNames): ReleaseRecord | undefined {
  const { tag, digest, pushId, acceptedAt } = row;
  const name = names.find(row.name);
  if (name === undefined || typeof tag !== 'string' || !isTag(tag)) return undefined;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof pushId !== 'string' || typeof acceptedAt !== 'number') return undefined;
  return { name, tag, digest, pushId, acceptedAt };
}

export const RELEASE_COLUMNS = ['name', 'tag', 'digest', 'pushId', 'acceptedAt'] as const;
