import type { FileHandle } from 'node:fs/promises';

/** A sync ends a transaction of the file system's journal, so it has to be worth that. */
const WORTH_SYNCING_BYTES = 16 * 1024 * 1024;

/** Less than this is soon synced when the upload is taken. */
const WORTH_FINISHING_BYTES = 1024 * 1024;

export type WrittenFile = Pick<FileHandle, 'datasync' | 'truncate' | 'close'>;

/** A file that is written to, and that the disk has more and more of. */
export type SyncedFile = {
  wrote(sizeBytes: number): void;
  /**
   * Nothing more is written. Begins on what is left and closes the file; rejects where the disk did not take something.
   * Then it is said to nobody who opens the file later (Linux tells each failure to one who syncs), and the kernel may
   * have dropped those bytes: the file is emptied.
   */
  close(): Promise<void>;
};

/**
 * Has the disk begin on uploads while they come, so that little is left for the sync that the client waits for. One file
 * at a time: the threads that this takes are also those that read and write.
 */
export class EarlySync {
  #isBusy = false;

  /** Of a file that holds `sizeBytes`, which are not looked at. */
  watch(file: WrittenFile, sizeBytes: number): SyncedFile {
    return new WatchedFile(file, sizeBytes, (sync) => this.#take(sync));
  }

  /** Undefined when another sync is under way. */
  #take(sync: () => Promise<void>): Promise<void> | undefined {
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    return sync().finally(() => {
      this.#isBusy = false;
    });
  }
}

class WatchedFile implements SyncedFile {
  readonly #file: WrittenFile;
  readonly #take: (sync: () => Promise<void>) => Promise<void> | undefined;
  #writtenBytes: number;
  #syncedBytes: number;
  #syncing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: WrittenFile, sizeBytes: number, take: (sync: () => Promise<void>) => Promise<void> | undefined) {
    this.#file = file;
    this.#writtenBytes = sizeBytes;
    this.#syncedBytes = sizeBytes;
    this.#take = take;
  }

  wrote(sizeBytes: number): void {
    this.#writtenBytes = sizeBytes;
    this.#syncIfWorth(WORTH_SYNCING_BYTES);
  }

  async close(): Promise<void> {
    try {
      await this.#syncing;
      this.#syncIfWorth(WORTH_FINISHING_BYTES);
      await this.#syncing;
      if (this.#failure === undefined) return;
      await this.#file.truncate(0);
      throw this.#failure.error;
    } finally {
      await this.#file.close();
    }
  }

  #syncIfWorth(bytes: number): void {
    if (this.#syncing !== undefined || this.#writtenBytes - this.#syncedBytes < bytes) return;
    const upTo = this.#writtenBytes;
    this.#syncing = this.#take(() => this.#file.datasync())
      ?.then(
        () => {
          this.#syncedBytes = upTo;
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => {
        this.#syncing = undefined;
      });
  }
}
