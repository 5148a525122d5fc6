import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure, isFailure } from '../kernel/failure.ts';
import { DATABASE_FILE } from './database-file.ts';
import { requireKnownSchema } from './migrate.ts';
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { copySnapshot, openSqliteFile, openSqliteReader, requireSqliteFile, syncPath } from './sqlite-file.ts';
import { openQueries } from './store-database.ts';

export type BackupSummary = { readonly file: string; readonly bytes: number; readonly pushes: number };

/**
 * Copies the database of a data folder to `file` as it is at one instant, also while a service writes to it; an earlier
 * file of that name is replaced at the end. Throws `data_unusable` when the folder holds no database of ours or the
 * target cannot be written, `disk_full`, and `validation_failed` for a target that is the database itself.
 */
export function backupFolder(folder: string, file: string): BackupSummary {
  const database = join(folder, DATABASE_FILE);
  requireDatabase(database);
  if (resolve(file) === resolve(database))
    throw new Failure('validation_failed', `a backup cannot be written over the database ${database} itself`);
  const reader = openSqliteReader(database);
  try {
    requireSqliteFile(reader, database);
    copySnapshot(reader, file);
  } finally {
    reader.close();
  }
  return { file, bytes: statSync(file).size, pushes: countPushes(file) };
}

export type RestoreSummary = {
  readonly folder: string;
  readonly pushes: number;
  /** Where the database is that was there before; null when there was none. */
  readonly replaced: string | null;
};

/**
 * Puts a backup in the place of a data folder's database. What was there is kept beside it, in a folder of its own.
 * The caller holds the folder's lock. Throws `data_unusable` for a file that is no whole database of ours or has a
 * newer schema, before anything is touched.
 */
export async function restoreFolder(folder: string, file: string): Promise<RestoreSummary> {
  requireDatabase(file);
  const arriving = join(folder, `${DATABASE_FILE}.restoring`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const suffix of SUFFIXES) rmSync(`${arriving}${suffix}`, { force: true });
    copyFileSync(file, arriving);
    // Looked through in the folder, not where it came from: opening a database writes beside it.
    const connection = openArriving(arriving, file);
    try {
      await requireKnownSchema(openQueries(connection), ALL_MIGRATIONS);
    } finally {
      connection.close();
    }
    syncPath(arriving);
    const replaced = setAside(folder);
    renameSync(arriving, join(folder, DATABASE_FILE));
    syncPath(folder);
    return { folder, pushes: countPushes(join(folder, DATABASE_FILE)), replaced };
  } catch (error) {
    for (const suffix of SUFFIXES) rmSync(`${arriving}${suffix}`, { force: true });
    throw toStoreFailure(error, `restoring ${file} into the data folder ${folder}`);
  }
}

/** The database, and what SQLite keeps beside it. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'] as const;

/** What is wrong with a backup is said of the file that was named, and that nothing was touched for it. */
function openArriving(arriving: string, file: string): ReturnType<typeof openSqliteFile> {
  try {
    return openSqliteFile(arriving);
  } catch (cause) {
    if (!isFailure(cause, 'data_unusable')) throw cause;
    throw new Failure(
      'data_unusable',
      `restoring ${file}: it is no backup of entrepot, or it is damaged; the data folder is as it was`,
      { cause },
    );
  }
}

function setAside(folder: string): string | null {
  const present = SUFFIXES.map((suffix) => join(folder, `${DATABASE_FILE}${suffix}`)).filter(existsSync);
  if (present.length === 0) return null;
  const aside = mkdtempSync(join(folder, 'replaced-'));
  // Its log first: a database without its log is older, a log without its database is refused at the next start.
  for (const path of present.toReversed()) renameSync(path, join(aside, basename(path)));
  syncPath(aside);
  return aside;
}

function countPushes(file: string): number {
  const reader = openSqliteReader(file);
  try {
    return Number(reader.prepare('select count(*) from pushes').pluck().get());
  } finally {
    reader.close();
  }
}

function requireDatabase(file: string): void {
  if (existsSync(file) && statSync(file).isFile()) return;
  throw new Failure('data_unusable', `there is no database at ${file}`);
}
