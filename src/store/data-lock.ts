import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { type Clock, systemClock, toTimestamp } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { toStoreFailure } from './sqlite-failure.ts';

/** Held by the one process that may use a data folder. */
export type DataLock = {
  /** Lets a second process name the address that this one serves, once that is known. */
  announce(url: string): void;
  /** Gives the folder back. May be called again. */
  release(): void;
};

const holderSchema = z.object({ pid: z.number(), startedAt: z.string(), url: z.string().nullable() });
type Holder = z.infer<typeof holderSchema>;

/**
 * Takes a data folder for this process, making the folder when there is none. Throws `data_in_use` naming the process
 * that has it, or `data_unusable` when the folder cannot be written.
 *
 * The lock is SQLite's on `lock.db` (POSIX advisory locks underneath), so the kernel gives it back however the process
 * ends. `lock.json` only says who has it: a stale one means nothing.
 */
export function openDataLock(folder: string, clock: Clock = systemClock): DataLock {
  const holderFile = join(folder, 'lock.json');
  const attempt = `locking the data folder ${folder}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const connection = lockFile(join(folder, 'lock.db'));
    if (connection === undefined) throw inUse(folder, findHolder(holderFile));
    return heldLock(connection, holderFile, clock.nowMs(), attempt);
  } catch (error) {
    throw toStoreFailure(error, attempt);
  }
}

function heldLock(connection: Database.Database, holderFile: string, nowMs: number, attempt: string): DataLock {
  const holder: Holder = { pid: process.pid, startedAt: toTimestamp(nowMs), url: null };
  try {
    writeHolder(holderFile, holder);
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    announce(url) {
      if (!connection.open) return;
      try {
        writeHolder(holderFile, { ...holder, url });
      } catch (error) {
        throw toStoreFailure(error, attempt);
      }
    },
    release() {
      if (!connection.open) return;
      // The name goes before the lock does, so that it is never that of the next holder.
      rmSync(holderFile, { force: true });
      connection.close();
    },
  };
}

/** A connection that keeps others from the file until it is closed; undefined when another has it. */
function lockFile(file: string): Database.Database | undefined {
  const connection = new Database(file, { timeout: 0 });
  try {
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.exec('begin exclusive');
    return connection;
  } catch (error) {
    connection.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

function writeHolder(file: string, holder: Holder): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

function findHolder(file: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Whatever is wrong with the note, the lock is what counts.
    return undefined;
  }
}

function inUse(folder: string, holder: Holder | undefined): Failure {
  const at = holder?.url == null ? '' : `, listening at ${holder.url}`;
  const by = holder === undefined ? 'another process' : `process ${holder.pid} (started ${holder.startedAt}${at})`;
  return new Failure('data_in_use', `data folder ${folder} is in use by ${by}`);
}
