import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Counts the legs that are neither placed nor given up, in the database of a service. */
export function openLegCount(dataPath: string): Disposable & { count(): number } {
  const database = new Database(join(dataPath, 'entrepot.db'), { readonly: true });
  const open = database
    .prepare<[], number>("select count(*) from transfers where state not in ('placed', 'failed', 'cancelled')")
    .pluck();
  return {
    count: () => open.get() ?? 0,
    [Symbol.dispose]: () => void database.close(),
  };
}
