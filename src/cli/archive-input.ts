import { open } from 'node:fs/promises';
import type { CliContext } from './cli-context.ts';
import { usageFailure } from './usage-failure.ts';

/** An archive about to be sent; must be disposed. */
export type ArchiveInput = AsyncDisposable & {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Undefined for a pipe. */
  readonly sizeBytes: number | undefined;
};

// Large enough that reading costs little, small enough that progress moves.
const READ_BYTES = 2 ** 18;

/** Opens a file, or standard input for `-`. Throws `validation_failed` for what cannot be read. */
export async function openArchive({ io, texts }: CliContext, file: string): Promise<ArchiveInput> {
  if (file === '-') {
    if (io.stdin.isTerminal) throw usageFailure(texts.usage.archiveOnTerminal);
    return { bytes: io.stdin.open(), sizeBytes: undefined, async [Symbol.asyncDispose]() {} };
  }
  try {
    await using opened = new AsyncDisposableStack();
    const handle = await open(file, 'r');
    opened.defer(() => handle.close());
    const status = await handle.stat();
    if (status.isDirectory()) throw usageFailure(texts.usage.archiveUnreadable(file, texts.usage.isFolder));
    const stream = handle.createReadStream({ highWaterMark: READ_BYTES, autoClose: false });
    opened.defer(() => void stream.destroy());
    const kept = opened.move();
    return {
      bytes: stream,
      // A named pipe or device says 0, and means nothing by it.
      sizeBytes: status.isFile() ? status.size : undefined,
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error)
      throw usageFailure(texts.usage.archiveUnreadable(file, error.message), { cause: error });
    throw error;
  }
}
