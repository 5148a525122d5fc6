import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Failure } from '../kernel/failure.ts';
import { toStoreFailure } from './sqlite-failure.ts';

// "entr": SQLite keeps it in the file's header, so that another program's database is told from ours.
const APPLICATION_ID = 0x656e7472;
// Nobody else should write; a backup tool or an operator's shell may hold the lock for a moment.
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens a database file that exists, for reading and writing, and reads all of it once unless that is left to the
 * caller. Throws `data_unusable`, saying the remedy, for a file that is not ours, empty, damaged or not writable.
 */
export function openSqliteFile(file: string, { isChecked = true } = {}): Database.Database {
  let connection: Database.Database | undefined;
  try {
    connection = new Database(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    requireOurs(connection, file);
    configure(connection);
    if (isChecked) requireWhole(connection, file);
    keepPrivate(file);
    return connection;
  } catch (error) {
    connection?.close();
    throw toStoreFailure(error, `opening the database ${file}`);
  }
}

/** A second connection that reads what was committed, whatever the first is in the middle of. */
export function openSqliteReader(file: string): Database.Database {
  return new Database(file, { fileMustExist: true, readonly: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * Makes the database under another name, lets `fill` give it its schema, and only then gives it its own. So a file of
 * that name is never an unfinished one, and one that is empty was damaged.
 */
export async function createSqliteFile(
  file: string,
  fill: (connection: Database.Database) => Promise<void>,
): Promise<void> {
  const unfinished = `${file}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    requireNoLog(file);
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${unfinished}${suffix}`, { force: true });
    closeSync(openSync(unfinished, 'wx', 0o600));
    const connection = new Database(unfinished, { timeout: BUSY_TIMEOUT_MS });
    try {
      connection.pragma(`application_id = ${APPLICATION_ID}`);
      configure(connection);
      // Until it has its name nothing of it counts: it is synced once, at the end.
      connection.pragma('synchronous = OFF');
      await fill(connection);
    } finally {
      connection.close();
    }
    syncPath(unfinished);
    renameSync(unfinished, file);
    syncPath(dirname(file));
  } catch (error) {
    throw toStoreFailure(error, `creating the database ${file}`);
  }
}

/**
 * Copies what one connection sees at one instant to a new file that appears only when it is whole. One read
 * transaction, unlike SQLite's backup interface, which begins again when another process writes: it ends also beside
 * one that writes without end.
 */
export function copySnapshot(reader: Database.Database, target: string): void {
  const unfinished = `${target}.part`;
  try {
    rmSync(unfinished, { force: true });
    // Private from its first byte: SQLite takes an empty file for a new database.
    closeSync(openSync(unfinished, 'wx', 0o600));
    reader.prepare('vacuum into ?').run(unfinished);
    syncPath(unfinished);
    renameSync(unfinished, target);
    syncPath(dirname(target));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw toStoreFailure(error, `writing a backup of the database to ${target}`);
  }
}

export function sqliteFileSize(file: string): number {
  return statSync(file).size;
}

export function existsSqliteFile(file: string): boolean {
  return existsSync(file);
}

function configure(connection: Database.Database): void {
  connection.pragma('journal_mode = WAL');
  // With WAL the default of this build would not sync at each commit, and an answer given must survive a power cut.
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  // A log that once grew large (a backup held it) gives its space back.
  connection.pragma(`journal_size_limit = ${64 * 2 ** 20}`);
}

/** The file holds upload locations, which may carry a registry's session secrets. Where it is another user's, they decide. */
function keepPrivate(file: string): void {
  if ((statSync(file).mode & 0o077) === 0) return;
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}

/** Throws `data_unusable` for a database that is not ours or is damaged. */
export function requireSqliteFile(connection: Database.Database, file: string): void {
  try {
    requireOurs(connection, file);
    requireWhole(connection, file);
  } catch (error) {
    throw toStoreFailure(error, `reading the database ${file}`);
  }
}

function requireOurs(connection: Database.Database, file: string): void {
  if (connection.pragma('application_id', { simple: true }) === APPLICATION_ID) return;
  throw new Failure(
    'data_unusable',
    `opening the database ${file}: it is empty or not a database of entrepot; restore it from a backup, or move it away to start with an empty one`,
  );
}

function requireWhole(connection: Database.Database, file: string): void {
  const found = connection.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw damaged(file, String(found));
}

export function damaged(file: string, found: string): Failure {
  return new Failure(
    'data_unusable',
    `opening the database ${file}: it is damaged (${found.replaceAll(/\s+/g, ' ')}); restore the data folder from a backup, nothing was deleted`,
  );
}

function requireNoLog(file: string): void {
  if (!existsSync(`${file}-wal`)) return;
  throw new Failure(
    'data_unusable',
    `creating the database ${file}: it is missing, but its log ${file}-wal is there; put the database back or restore both from a backup`,
  );
}

export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
