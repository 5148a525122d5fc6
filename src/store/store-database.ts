import type Database from 'better-sqlite3';
import { CamelCasePlugin, Kysely } from 'kysely';
import { Failure } from '../kernel/failure.ts';
import type { Changes, Queries, Schema } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { toStoreFailure } from './sqlite-failure.ts';

/**
 * How the stores reach the database. `attempt` is what is being done, as a failure's message begins: `recording a
 * push`. Failures pass unchanged; whatever else goes wrong becomes one, and always by rejecting.
 */
export type StoreDatabase = {
  /** One transaction that may write; durable when the promise resolves, undone when `work` throws. */
  change<T>(attempt: string, work: (trx: Changes) => Promise<T>): Promise<T>;
  /** Reads of one moment: nothing is written between the first query of `work` and its last. */
  read<T>(attempt: string, work: (db: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** Takes over the connection; `close` closes it. */
export function storeDatabase(connection: Database.Database): StoreDatabase {
  const kysely = openQueries(connection);
  let closed = false;
  async function guarded<T>(attempt: string, work: () => Promise<T>): Promise<T> {
    if (closed) throw new Failure('not_ready', `${attempt}: the store is closed`);
    try {
      return await work();
    } catch (error) {
      throw toStoreFailure(error, attempt);
    }
  }
  return {
    change: (attempt, work) => guarded(attempt, () => kysely.transaction().execute(work)),
    read: (attempt, work) => guarded(attempt, () => kysely.transaction().setAccessMode('read only').execute(work)),
    async close() {
      if (closed) return;
      closed = true;
      // One transaction at a time has the connection: once this gets it, all that were begun are over.
      await kysely.connection().execute(async () => {});
      connection.close();
    },
  };
}

export function openQueries(connection: Database.Database): Queries {
  return new Kysely<Schema>({ dialect: sqliteDialect(connection), plugins: [new CamelCasePlugin()] });
}
