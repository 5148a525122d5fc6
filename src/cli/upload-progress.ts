import { formatByteSize } from '../kernel/byte-size.ts';
import type { CliContext } from './cli-context.ts';
import { formatLine } from './line.ts';

/** Tells how much of an archive has been sent: in place on a terminal, now and then as a line elsewhere. */
export type UploadProgress = Disposable & { count(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> };

export function openUploadProgress(
  { io, texts, json, drawsScreen, err }: CliContext,
  sizeBytes: number | undefined,
): UploadProgress {
  let sentBytes = 0;
  let isDrawn = false;
  const total = sizeBytes === undefined ? '' : formatByteSize(sizeBytes);
  const draw = (text: string) => {
    if (!drawsScreen) {
      err.print(text);
      return;
    }
    const columns = Math.max(20, (io.stderr.size()?.columns ?? 80) - 1);
    // Back to the line's begin, the text, and what is right of it erased.
    io.stderr.write(`\r${formatLine(text, { color: false, columns })}\x1b[K`);
    isDrawn = true;
  };
  const tick = () => draw(texts.progress.uploading(formatByteSize(sentBytes), total));
  const timer = json ? undefined : setInterval(tick, drawsScreen ? io.timings.frameMs : io.timings.progressLineMs);
  let isFinished = false;
  const finish = () => {
    if (isFinished) return;
    isFinished = true;
    clearInterval(timer);
    if (!json) draw(texts.progress.uploaded(formatByteSize(sentBytes)));
  };
  return {
    async *count(bytes) {
      for await (const chunk of bytes) {
        sentBytes += chunk.byteLength;
        yield chunk;
        // Whoever sends asks for more, and has as much as was announced: the answer may come before the file is read to its end.
        if (sentBytes === sizeBytes) finish();
      }
      finish();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      if (isDrawn) io.stderr.write('\n');
    },
  };
}
