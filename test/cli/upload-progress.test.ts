import { expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { en } from '../../src/cli/texts/en.ts';
import { openUploadProgress } from '../../src/cli/upload-progress.ts';

it('an archive is said to be uploaded once all that was announced was taken, though its file was not read to the end', async () => {
  const printed: string[] = [];
  const context = {
    ...{ texts: en, json: false, drawsScreen: false },
    io: { timings: { progressLineMs: 60_000 } },
    err: { print: (line: string) => printed.push(line) },
  } as unknown as CliContext;
  using progress = openUploadProgress(context, 3_000);
  async function* archive() {
    yield new Uint8Array(1_000);
    yield new Uint8Array(2_000);
    // The end of the file, which nobody waits for.
    await new Promise(() => {});
  }
  const taken = progress.count(archive())[Symbol.asyncIterator]();
  await taken.next();
  await taken.next();
  expect(printed).toEqual([]);
  void taken.next();
  await Promise.resolve();
  expect(printed).toEqual([expect.stringContaining('archive uploaded (3.0 kB)')]);
});
