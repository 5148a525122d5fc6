import Database from 'better-sqlite3';
import { Failure } from '../kernel/failure.ts';
import type { FailureCode } from '../kernel/failure-codes.ts';

const RESTORE = 'stop the service and restore the data folder from a backup; nothing was deleted';

/**
 * SQLite's result codes (https://www.sqlite.org/rescode.html) as ours, most specific first: the first entry whose
 * name begins the code decides. What is not here is a defect of ours (`internal`).
 */
const MEANINGS: readonly { begins: string; code: FailureCode; remedy: string }[] = [
  { begins: 'SQLITE_FULL', code: 'disk_full', remedy: 'free space on the disk of the data folder' },
  // The shared-memory file next to the database could not be made larger: there is no other cause than space.
  { begins: 'SQLITE_IOERR_SHMSIZE', code: 'disk_full', remedy: 'free space on the disk of the data folder' },
  { begins: 'SQLITE_IOERR', code: 'data_unusable', remedy: 'check the disk of the data folder and its kernel log' },
  { begins: 'SQLITE_READONLY', code: 'data_unusable', remedy: 'make the data folder writable for this user' },
  {
    begins: 'SQLITE_CANTOPEN',
    code: 'data_unusable',
    remedy: 'make the data folder readable and writable for this user',
  },
  { begins: 'SQLITE_PERM', code: 'data_unusable', remedy: 'make the data folder readable and writable for this user' },
  { begins: 'SQLITE_CORRUPT', code: 'data_unusable', remedy: RESTORE },
  { begins: 'SQLITE_NOTADB', code: 'data_unusable', remedy: RESTORE },
  { begins: 'SQLITE_BUSY', code: 'data_in_use', remedy: 'stop whatever else has the database open' },
  { begins: 'SQLITE_LOCKED', code: 'data_in_use', remedy: 'stop whatever else has the database open' },
];

/** Failures stay as they are, what SQLite said gets a code and the remedy; everything else becomes `internal`. */
export function toStoreFailure(error: unknown, attempt: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Database.SqliteError) {
    const meaning = MEANINGS.find(({ begins }) => error.code.startsWith(begins));
    const answer = `${attempt}: the database answered ${error.code} (${error.message})`;
    if (meaning !== undefined) return new Failure(meaning.code, `${answer}; ${meaning.remedy}`, { cause: error });
    return new Failure('internal', answer, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  if (isSpaceError(error)) return new Failure('disk_full', `${attempt}: ${text}`, { cause: error });
  if (isFileError(error)) return new Failure('data_unusable', `${attempt}: ${text}`, { cause: error });
  return new Failure('internal', `${attempt}: ${text}`, { cause: error });
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function isSpaceError(error: unknown): boolean {
  return isFileError(error) && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
