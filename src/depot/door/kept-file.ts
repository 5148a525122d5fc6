import { type FileHandle, open } from 'node:fs/promises';
import { diskFailure } from '../disk-failure.ts';

/** A file that is open as long as anybody keeps it; then it can be read wherever its name has gone meanwhile. */
export class KeptFile {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;
  #keepers = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Each call wants a `letGo`, unless it throws. */
  async keep(): Promise<FileHandle> {
    this.#keepers += 1;
    this.#file ??= open(this.#path, 'r');
    try {
      return await this.#file;
    } catch (error) {
      this.#file = undefined;
      this.#keepers -= 1;
      throw diskFailure(`opening ${this.#path}`, error);
    }
  }

  letGo(): void {
    this.#keepers -= 1;
    if (this.#keepers > 0) return;
    this.#file?.then((file) => file.close()).catch(() => {});
    this.#file = undefined;
  }
}
