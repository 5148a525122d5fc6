import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FirstToken } from '../../cli/app-contract.ts';
import { DATABASE_FILE } from '../../store/database-file.ts';
import { AdminTokenFile } from './admin-token-file.ts';

/**
 * The administrator's token in a data folder on this machine; a new one, written there, where there is none or a new
 * one is wanted. The service need not be stopped: it takes the file's token up. Undefined where there is no data folder.
 */
export const firstToken: FirstToken = (folder, { isNew }) => {
  const path = resolve(folder);
  if (!existsSync(join(path, DATABASE_FILE))) return undefined;
  const file = new AdminTokenFile(path);
  const token = isNew ? undefined : file.read();
  return token === undefined
    ? { token: file.writeNew(), path: file.path, isNew: true }
    : { token, path: file.path, isNew: false };
};
