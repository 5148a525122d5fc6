import { resolve } from 'node:path';
import { backupFolder as backup, restoreFolder } from '../store/backup.ts';
import { openDataLock } from '../store/data-lock.ts';

/** Writes the database of a data folder to a file, also while a service runs on it. */
export function backupFolder(folder: string, file: string): ReturnType<typeof backup> {
  return backup(resolve(folder), resolve(file));
}

/** Puts a backup in place while no service runs on the folder. Throws `data_in_use` naming the one that does. */
export async function restoreLockedFolder(folder: string, file: string): ReturnType<typeof restoreFolder> {
  const lock = openDataLock(resolve(folder));
  try {
    return await restoreFolder(resolve(folder), resolve(file));
  } finally {
    lock.release();
  }
}
