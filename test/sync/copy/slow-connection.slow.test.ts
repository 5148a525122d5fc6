import { expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openHttpClient } from '../../../src/net/open-http-client.ts';
import { anonymousCredentials } from '../../../src/registry/credentials.ts';
import { openRegistryClient } from '../../../src/registry/open-registry-client.ts';
import { uploadBlob } from '../../../src/sync/copy/upload-blob.ts';
import { wholeContent } from '../../../src/sync/copy/upload-content.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { makeImage } from '../../support/test-image.ts';
import { openUnevenLink } from '../../support/uneven-link.ts';
import { REPOSITORY } from './support/copy-bench.ts';
import { memoryJournal } from './support/memory-journal.ts';

const MIB = 2 ** 20;
const SIZE = 6 * MIB;
const RATE = 4 * MIB;

it('an upload on a connection that gets a twentieth of the rate of its siblings goes on over another, where it was', async () => {
  await using registry = await openTestRegistry();
  await using link = await openUnevenLink(registry.url, { bytesPerSecond: RATE, share: 0.05 });
  const http = openHttpClient({ siblingWindowMs: 400 });
  const client = openRegistryClient({
    endpoint: { url: link.url, internal: true },
    http,
    credentials: anonymousCredentials,
    clock: systemClock,
  });
  const replaced: string[] = [];
  const resent: number[] = [];
  const image = makeImage({ layers: [{ size: SIZE }, { size: SIZE + 1 }, { size: SIZE + 2 }] });
  const layers = image.blobs.filter(({ bytes }) => bytes.byteLength >= SIZE);
  const began = performance.now();
  let seconds = 0;
  try {
    await Promise.all(
      layers.map(({ digest, bytes }) =>
        uploadBlob(
          {
            registry: 'uneven',
            client,
            repository: REPOSITORY,
            content: wholeContent(
              { digest, size: bytes.byteLength },
              {
                async *read({ offset, end }) {
                  for (let at = offset; at < end; at += 64 * 1024)
                    yield bytes.subarray(at, Math.min(at + 64 * 1024, end));
                },
                close() {},
              },
            ),
            journal: memoryJournal(),
            chunkBytes: 4 * MIB,
            pause: async () => {},
            nowMs: Date.now,
            onSent: (_sent, again) => resent.push(again),
            onResumed: () => {},
            onRestarted: () => {
              throw new Error('nothing is to begin anew here');
            },
            onReplaced: (cause) => replaced.push(cause),
          },
          undefined,
          new AbortController().signal,
        ),
      ),
    );
    seconds = (performance.now() - began) / 1_000;
    for (const { digest } of layers) expect((await client.headBlob(REPOSITORY, digest)) !== undefined).toBe(true);
  } finally {
    await client.close();
  }
  expect(replaced).toEqual(['slow']);
  // Over the slow connection alone the blob would take half a minute.
  expect(seconds).toBeLessThan((SIZE / (RATE * 0.05)) * 0.5);
  const again = resent.reduce((sum, bytes) => sum + bytes, 0);
  expect(again).toBeLessThanOrEqual(4 * MIB);
});
