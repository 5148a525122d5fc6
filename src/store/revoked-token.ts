import { join } from 'node:path';
import { DATABASE_FILE } from './database-file.ts';
import { openSqliteReader } from './sqlite-file.ts';

/**
 * Was the token with this hash revoked in the database of a data folder? Read beside a service that has it open. A
 * database that cannot be read says no: whoever lost a token is not kept from finding it.
 */
export function isRevokedToken(folder: string, hash: string): boolean {
  try {
    const reader = openSqliteReader(join(folder, DATABASE_FILE));
    try {
      return reader.prepare('select 1 from tokens where hash = ? and revoked_at is not null').get(hash) !== undefined;
    } finally {
      reader.close();
    }
  } catch {
    return false;
  }
}
