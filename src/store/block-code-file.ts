import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { BlockCodes } from '../oci/block-codes.ts';
import type { Digest } from '../oci/digest.ts';
import { type CodeShelf, sizeOf } from '../pull/known-codes.ts';

/** 32 bytes of codes stand for 1 MiB: enough for about 1 TiB of layers of the usual size. */
const MAX_BYTES = 64 * 1024 * 1024;

const FILE = 'block-codes.db';
/** Of the tables below: a file of another is thrown away. */
const VERSION = 1;

const TABLES = `
  create table codes (
    used integer primary key, -- counts up; the least was not used for longest
    digest text not null unique,
    key blob not null,
    codes blob not null,
    bytes integer not null,
    sum blob not null
  )`;

export type BlockCodeFileOptions = {
  /** The data folder of whoever keeps them; only one process may use it. */
  readonly folder: string;
  readonly maxBytes?: number;
  /** Told, as a sentence, why codes are not kept any more, or why those that were are gone. */
  readonly onTrouble: (message: string) => void;
};

type Row = { readonly used: number; readonly key: Buffer; readonly codes: Buffer; readonly sum: Buffer };

/**
 * Codes of blobs' blocks in a file of their own in the data folder, so that a blob need not be hashed again after a
 * restart. They are worth no more than the hashing that they save: what is damaged is thrown away, nothing is synced, and
 * where the file cannot be used it is as if nothing were kept.
 */
export class BlockCodeFile implements CodeShelf {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #onTrouble: BlockCodeFileOptions['onTrouble'];
  #connection: Database.Database | undefined;
  #bytes = 0;

  constructor({ folder, maxBytes = MAX_BYTES, onTrouble }: BlockCodeFileOptions) {
    this.#path = join(folder, FILE);
    this.#maxBytes = maxBytes;
    this.#onTrouble = onTrouble;
    try {
      this.#open();
    } catch {
      this.#throwAway();
      this.#try(() => this.#open());
    }
  }

  find(digest: Digest): BlockCodes | undefined {
    return this.#use((connection) => {
      const row = connection.prepare('select used, key, codes, sum from codes where digest = ?').get(digest);
      if (row === undefined) return undefined;
      const { used, key, codes, sum } = row as Row;
      if (!sumOf(digest, { key, codes }).equals(sum)) {
        this.forget(digest);
        return undefined;
      }
      connection.prepare('update codes set used = (select max(used) + 1 from codes) where used = ?').run(used);
      return { key, codes };
    });
  }

  keep(digest: Digest, { key, codes }: BlockCodes): void {
    const bytes = sizeOf({ key, codes });
    if (bytes > this.#maxBytes) return;
    this.#use((connection) => {
      this.forget(digest);
      connection
        .prepare('insert into codes (digest, key, codes, bytes, sum) values (?, ?, ?, ?, ?)')
        .run(digest, key, codes, bytes, sumOf(digest, { key, codes }));
      this.#bytes += bytes;
      while (this.#bytes > this.#maxBytes) {
        const oldest = connection.prepare('select digest from codes order by used limit 1').pluck().get();
        if (oldest === undefined) return;
        this.forget(oldest as Digest);
      }
    });
  }

  forget(digest: Digest): void {
    this.#use((connection) => {
      const bytes = connection.prepare('delete from codes where digest = ? returning bytes').pluck().get(digest);
      this.#bytes -= (bytes as number | undefined) ?? 0;
    });
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Throws for a file that is not one of this version. */
  #open(): void {
    // Private from its first byte: who knows the keys can make codes.
    closeSync(openSync(this.#path, 'a', 0o600));
    const connection = new Database(this.#path);
    this.#connection = connection;
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = OFF');
    const version = connection.pragma('user_version', { simple: true });
    if (version === 0) {
      connection.exec(TABLES);
      connection.pragma(`user_version = ${VERSION}`);
    } else if (version !== VERSION) throw new Error(`it is of version ${version}`);
    this.#bytes = connection.prepare('select coalesce(sum(bytes), 0) from codes').pluck().get() as number;
  }

  #use<T>(work: (connection: Database.Database) => T): T | undefined {
    const connection = this.#connection;
    return connection === undefined ? undefined : this.#try(() => work(connection));
  }

  /** What fails is the end of the file's use until the next start. */
  #try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#throwAway();
      const said = error instanceof Database.SqliteError ? `${error.code} (${error.message})` : String(error);
      this.#onTrouble(`${FILE} is not used until the next start, and blobs are hashed instead: ${said}`);
      return undefined;
    }
  }

  #throwAway(): void {
    try {
      this.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.#path}${suffix}`, { force: true });
    } catch {
      // Opening it again says what is wrong.
    }
  }
}

/** A code that is not what it was would make a right block wrong. */
function sumOf(digest: Digest, { key, codes }: BlockCodes): Buffer {
  return createHash('sha256').update(digest).update(key).update(codes).digest();
}
