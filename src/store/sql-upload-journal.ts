import { type ExpressionBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { UploadJournal, UploadJournalEntry } from '../sync/push/push-store.ts';
import { OPEN_STATES } from './push-counts.ts';
import { digestColumn, parseRow } from './row-schema.ts';
import type { Schema } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const uploadRow = z.object({
  registry: z.string(),
  repository: z.string(),
  digest: digestColumn,
  location: z.string(),
  offsetBytes: z.number(),
  sentUpTo: z.number(),
  updatedAt: z.number(),
});

/** Uploads under way, in SQL. */
export function sqlUploadJournal({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): UploadJournal {
  return {
    find: (registry, repository, digest) =>
      read('reading the upload journal', async (db) => {
        const row = await db
          .selectFrom('uploads')
          .selectAll()
          .where('registry', '=', registry)
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .executeTakeFirst();
        return row === undefined ? undefined : toEntry(row);
      }),
    list: (registry, repository) =>
      read('reading the upload journal', async (db) => {
        const rows = await db
          .selectFrom('uploads')
          .selectAll()
          .where('registry', '=', registry)
          .where('repository', '=', repository)
          .orderBy('digest')
          .execute();
        return rows.map(toEntry);
      }),
    save: ({ registry, repository, digest, location, offset, sentUpTo, updatedAt }) =>
      change('writing the upload journal', async (trx) => {
        const progress = { location, offsetBytes: offset, sentUpTo, updatedAt };
        await trx
          .insertInto('uploads')
          .values({ registry, repository, digest, ...progress })
          .onConflict((conflict) => conflict.columns(['registry', 'repository', 'digest']).doUpdateSet(progress))
          .execute();
      }),
    remove: (registry, repository, digest) =>
      change('writing the upload journal', async (trx) => {
        await trx
          .deleteFrom('uploads')
          .where('registry', '=', registry)
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .execute();
      }),
    rename: (registry, repository, provisional, digest) =>
      change('writing the upload journal', async (trx) => {
        const noted = await trx
          .selectFrom('uploads')
          .selectAll()
          .where('registry', '=', registry)
          .where('repository', '=', repository)
          .where('digest', '=', provisional)
          .executeTakeFirst();
        if (noted === undefined) return;
        await trx
          .deleteFrom('uploads')
          .where('registry', '=', registry)
          .where('repository', '=', repository)
          .where('digest', 'in', [provisional, digest])
          .execute();
        await trx
          .insertInto('uploads')
          .values({ ...noted, digest })
          .execute();
      }),
    unneeded: ({ fromMs, toMs }, limit) =>
      read('looking for uploads that no push needs', async (db) => {
        const rows = await db
          .selectFrom('uploads')
          .selectAll()
          .where(({ eb, or }) => or([eb('updatedAt', '<', fromMs), eb('updatedAt', '>', toMs)]))
          .where(({ not, exists, selectFrom }) => not(exists(needing(selectFrom))))
          .orderBy('updatedAt')
          .limit(limit)
          .execute();
        return rows.map(toEntry);
      }),
  };
}

/** A leg that may go on with an upload. Which image a repository is of depends on the registry; by its end any may be. */
function needing(selectFrom: ExpressionBuilder<Schema, 'uploads'>['selectFrom']) {
  return selectFrom('transfers')
    .select('transfers.pushId')
    .whereRef('transfers.registry', '=', 'uploads.registry')
    .where('transfers.state', 'in', OPEN_STATES)
    .where(({ exists, selectFrom: from, not, and, or }) => {
      const pinned = from('pinnedBlobs').select('digest').whereRef('pinnedBlobs.pushId', '=', 'transfers.pushId');
      const repositoryFits = sql<boolean>`replace(uploads.repository, '/', '-') like '%' || replace(transfers.name, '/', '-')`;
      return or([
        exists(pinned.whereRef('pinnedBlobs.digest', '=', 'uploads.digest')),
        and([repositoryFits, not(exists(pinned))]),
      ]);
    });
}

function toEntry(row: unknown): UploadJournalEntry {
  const { offsetBytes, ...same } = parseRow(uploadRow, row, 'an upload');
  return { ...same, offset: offsetBytes };
}
