import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../kernel/failure.ts';

/** What the folder does to files. With `durable` a change is on the disk, not just in the kernel's memory, when it returns. */
export class FolderFiles {
  readonly #unfinished: string;
  readonly #durable: boolean;

  constructor(unfinished: string, durable: boolean) {
    this.#unfinished = unfinished;
    this.#durable = durable;
  }

  /** The file appears with all its bytes or not at all. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const unfinished = join(this.#unfinished, randomUUID());
    try {
      const file = await open(unfinished, 'wx');
      try {
        await file.writeFile(bytes);
        if (this.#durable) await file.sync();
      } finally {
        await file.close();
      }
      await this.#inFolder(path, () => rename(unfinished, path));
    } catch (cause) {
      await rm(unfinished, { force: true });
      throw toStorageFailure(cause, `writing ${bytes.byteLength} bytes`);
    }
  }

  /** Another name for a file; false when the file is gone. The name may be there already. */
  async link(existing: string, path: string): Promise<boolean> {
    try {
      await this.#inFolder(path, () => link(existing, path), existing);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) {
        await this.sync(dirname(path));
        return true;
      }
      if (hasCode(error, 'ENOENT')) return false;
      throw toStorageFailure(error, 'linking a blob');
    }
  }

  async sync(path: string): Promise<void> {
    if (this.#durable) await syncPath(path);
  }

  async remove(path: string): Promise<boolean> {
    try {
      await unlink(path);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    }
    await this.sync(dirname(path));
    return true;
  }

  async makeFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (!this.#durable || first === undefined) return;
    for (let folder = dirname(path); folder.length >= dirname(first).length; folder = dirname(folder))
      await syncPath(folder);
  }

  /** Does what puts a name into a folder, making the folder when it lacks; `needed` is a file that must be there too. */
  async #inFolder(path: string, act: () => Promise<void>, needed?: string): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      if (needed !== undefined && (await findStat(needed)) === undefined) throw error;
      await this.makeFolder(dirname(path));
      await act();
    }
    await this.sync(dirname(path));
  }
}

export async function findStat(
  path: string,
): Promise<{ sizeBytes: number; links: number; modifiedAtMs: number } | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { sizeBytes: found.size, links: found.nlink, modifiedAtMs: found.mtimeMs } : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

export async function findFile(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Names in a folder in ASCII order, or undefined when it does not exist. */
export async function findNames(path: string): Promise<string[] | undefined> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** A full disk has a name of its own; every other file error is passed on. */
export function toStorageFailure(error: unknown, attempt: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) return error;
  return new Failure('disk_full', `${attempt} failed: no space left in the registry's folder`, { cause: error });
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
