import type { Digest } from '../oci/digest.ts';
import { digestColumn, parseRow } from './row-schema.ts';
import type { Changes, Queries } from './schema.ts';

// Three values a row; databases bound how many values a statement may have.
const MOST_ROWS = 1_000;

/** Replaces what a push has pinned. The push itself need not be recorded yet. */
export async function pinBlobs(
  trx: Changes,
  pushId: string,
  blobs: readonly { digest: Digest; size: number }[],
): Promise<void> {
  await unpinBlobs(trx, pushId);
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const rows = [...sizes].map(([digest, sizeBytes]) => ({ pushId, digest, sizeBytes }));
  for (let start = 0; start < rows.length; start += MOST_ROWS) {
    await trx
      .insertInto('pinnedBlobs')
      .values(rows.slice(start, start + MOST_ROWS))
      .execute();
  }
}

export async function unpinBlobs(trx: Changes, pushId: string): Promise<void> {
  await trx.deleteFrom('pinnedBlobs').where('pushId', '=', pushId).execute();
}

export async function readPinnedBlobs(db: Queries): Promise<ReadonlySet<Digest>> {
  const rows = await db.selectFrom('pinnedBlobs').select('digest').distinct().execute();
  return new Set(rows.map(({ digest }) => parseRow(digestColumn, digest, 'a pinned blob')));
}

/**
 * Forgets what was pinned for pushes that were never recorded: their process died while an archive landed. Only right
 * while nothing is landing, so at start.
 */
export async function unpinOrphans(trx: Changes): Promise<void> {
  await trx
    .deleteFrom('pinnedBlobs')
    .where('pushId', 'not in', (eb) => eb.selectFrom('pushes').select('id'))
    .execute();
}
