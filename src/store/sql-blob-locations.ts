import { z } from 'zod';
import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { BlobLocations } from '../sync/copy/blob-locations.ts';
import { parseRow } from './row-schema.ts';
import type { StoreDatabase } from './store-database.ts';

const locationRow = z.object({
  repository: z.string().refine((text): text is RepositoryName => isRepositoryName(text), 'is no repository name'),
});

/** Rows a statement: every database takes as many parameters. */
const ROWS_AT_ONCE = 200;

/** Where blobs are known to be, in SQL: one repository a registry and blob, the one seen last. */
export function sqlBlobLocations({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): BlobLocations {
  return {
    find: (registry, digest) =>
      read('reading where a blob is', async (db) => {
        const row = await db
          .selectFrom('blobLocations')
          .select('repository')
          .where('registry', '=', registry)
          .where('digest', '=', digest)
          .executeTakeFirst();
        return row === undefined ? undefined : parseRow(locationRow, row, 'where a blob is').repository;
      }),
    add: (registry, repository, digests) =>
      change('writing where blobs are', async (trx) => {
        for (let from = 0; from < digests.length; from += ROWS_AT_ONCE) {
          await trx
            .insertInto('blobLocations')
            .values(digests.slice(from, from + ROWS_AT_ONCE).map((digest) => ({ registry, digest, repository })))
            .onConflict((conflict) => conflict.columns(['registry', 'digest']).doUpdateSet({ repository }))
            .execute();
        }
      }),
    forget: (registry, digest) =>
      change('forgetting where a blob is', async (trx) => {
        await trx.deleteFrom('blobLocations').where('registry', '=', registry).where('digest', '=', digest).execute();
      }),
  };
}
