import { z } from 'zod';
import type { PathRun } from '../sync/estimate/path-run.ts';
import { jsonColumn, parseRow } from './row-schema.ts';
import type { Queries } from './schema.ts';
import { pathRun } from './transfer-row.ts';

const runRow = z.object({ runJson: jsonColumn(pathRun) });

/** How the newest legs went that were placed at a registry; newest first. */
export async function listFinishedRuns(db: Queries, registry: string, limit: number): Promise<readonly PathRun[]> {
  const rows = await db
    .selectFrom('transfers')
    .select('runJson')
    .where('registry', '=', registry)
    .where('placedAt', 'is not', null)
    .where('runJson', 'is not', null)
    .orderBy('placedAt', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => parseRow(runRow, row, `how a transfer to ${registry} went`).runJson);
}
