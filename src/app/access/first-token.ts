import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashToken } from '../../access/token-secret.ts';
import type { FirstToken } from '../../cli/app-contract.ts';
import { Failure } from '../../kernel/failure.ts';
import { DATABASE_FILE } from '../../store/database-file.ts';
import { isRevokedToken } from '../../store/revoked-token.ts';
import { AdminTokenFile } from './admin-token-file.ts';

/**
 * The administrator's token in a data folder on this machine; a new one, written there, where there is none, where it
 * was revoked, or where a new one is wanted. The service need not be stopped: it takes the file's token up. Undefined
 * where there is no data folder; throws `data_unusable` for one that this user may not look into.
 */
export const firstToken: FirstToken = (folder, { isNew }) => {
  const path = resolve(folder);
  if (!hasDatabase(path)) return undefined;
  const file = new AdminTokenFile(path);
  const token = isNew ? undefined : file.read();
  const isRevoked = token !== undefined && isRevokedToken(path, hashToken(token.reveal()));
  return token === undefined || isRevoked
    ? { token: file.writeNew(), path: file.path, isNew: true, isRevoked }
    : { token, path: file.path, isNew: false, isRevoked: false };
};

function hasDatabase(folder: string): boolean {
  try {
    return statSync(join(folder, DATABASE_FILE), { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    throw new Failure(
      'data_unusable',
      `looking into the data folder ${folder}: ${(cause as Error).message}; ask as the user that runs the service`,
      { cause },
    );
  }
}
