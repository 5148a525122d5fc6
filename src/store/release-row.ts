import { z } from 'zod';
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

export const RELEASE_COLUMNS = ['name', 'tag', 'digest', 'pushId', 'acceptedAt'] as const;
