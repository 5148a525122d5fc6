import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { readArchive } from '../../../src/sync/archive/read-archive.ts';
import { reproducibleGzip } from '../../../src/sync/archive/reproducible-gzip.ts';
import type { BlobDepot } from '../../../src/sync/copy/blob-depot.ts';
import { inPieces, noise } from './archive-builder.ts';
import { memoryDepot } from './memory-depot.ts';

describe('reproducibleGzip', () => {
  // Half of it repeats, so that the encoder has choices to make.
  const content = Buffer.concat([noise(300_000), Buffer.from('lorem ipsum dolor '.repeat(20_000)), noise(300_000, 1)]);
  const gzip = async (pieceBytes: number) =>
    Buffer.concat(await Array.fromAsync(reproducibleGzip(inPieces(content, pieceBytes))));

  it('gives the same bytes however the content arrives', async () => {
    const packed = await gzip(content.byteLength);
    expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
    for (const pieceBytes of [1_000, 65_536, 131_072, 333_333])
      expect(Buffer.compare(await gzip(pieceBytes), packed)).toBe(0);
  });

  it('says nothing of name, time and machine', async () => {
    expect((await gzip(10_000)).subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });

  it('packs as it always has: when this fails, the same archive gets another digest than before', async () => {
    expect(digestOf(await gzip(10_000))).toBe(
      'sha256:3a66f296ea1c39b92430dd853f79a107b6518a6d9393ad62eeb2a57f33918ced',
    );
  });

  it('packs nothing into something', async () => {
    const packed = Buffer.concat(await Array.fromAsync(reproducibleGzip(inPieces(Buffer.alloc(0)))));
    expect(gunzipSync(packed).byteLength).toBe(0);
  });
});

describe('memory', () => {
  it.each([
    ['a layer that is gzipped', true],
    ['a blob that is kept', false],
  ])('is bounded: the sender waits while the depot does, with %s', async (_, isTar) => {
    const pieceBytes = 64 * 1024;
    let sentBytes = 0;
    async function* endless() {
      yield tarHeader(`blobs/sha256/${'a'.repeat(64)}`, 8 * 1024 ** 3);
      if (isTar) yield tarHeader('inside', 8 * 1024 ** 3 - 512);
      for (let seed = 1; ; seed += 1) {
        yield noise(pieceBytes, seed);
        sentBytes += pieceBytes;
      }
    }
    const abort = new AbortController();
    const stuck = Promise.withResolvers<void>();
    const depot: BlobDepot = {
      ...memoryDepot(),
      async landStream(body) {
        for await (const _ of body) {
          stuck.resolve();
          await new Promise<void>((_, reject) =>
            abort.signal.addEventListener('abort', () => reject(abort.signal.reason)),
          );
        }
        throw new Error('ended');
      },
    };
    const reading = readArchive({ archive: endless(), depot, tag: 'team/app:1', signal: abort.signal });
    await stuck.promise;
    let before = -1;
    while (before !== sentBytes) {
      before = sentBytes;
      for (let turn = 0; turn < 200; turn += 1) await setImmediate();
    }
    expect(sentBytes).toBeLessThan(2 * 1024 ** 2);
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

/** A ustar header for a file of any size: sizes over 8 GiB - 1 are written in GNU's binary form. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header[124] = 0x80;
  header.writeUIntBE(size, 130, 6);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
