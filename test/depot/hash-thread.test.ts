import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HashThread } from '../../src/depot/hash-thread.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { StreamHash } from '../../src/oci/stream-hash.ts';

const KIB = 1024;
const BYTES = randomBytes(4 * KIB * KIB);

describe('HashThread', () => {
  let thread: HashThread;
  let folder: string;

  beforeEach(async () => {
    thread = new HashThread();
    folder = await mkdtemp(join(tmpdir(), 'entrepot-test-'));
  });

  afterEach(async () => {
    await thread.close();
    await rm(folder, { recursive: true });
  });

  async function give(hash: StreamHash, bytes: Uint8Array, pieces: readonly number[]): Promise<void> {
    let offset = 0;
    for (let n = 0; offset < bytes.byteLength; n += 1) {
      const end = Math.min(bytes.byteLength, offset + (pieces[n % pieces.length] ?? 1));
      await hash.update(bytes.subarray(offset, end));
      offset = end;
    }
  }

  it('gives the digest of what was given, however it was cut and whatever else is hashed meanwhile', async () => {
    const stream = fc.record({
      start: fc.nat(KIB),
      size: fc.nat(3 * KIB * KIB),
      pieces: fc.array(fc.integer({ min: 700, max: 900 * KIB }), { minLength: 1, maxLength: 5 }),
      algorithm: fc.constantFrom('sha256' as const, 'sha512' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 12 }), async (streams) => {
        const digests = await Promise.all(
          streams.map(async ({ start, size, pieces, algorithm }) => {
            const hash = thread.open(algorithm);
            await give(hash, BYTES.subarray(start, start + size), pieces);
            const digest = await hash.finish();
            hash.drop();
            return digest;
          }),
        );
        expect(digests).toEqual(
          streams.map(({ start, size, algorithm }) => digestOf(BYTES.subarray(start, start + size), algorithm)),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('makes the giver wait when the thread is behind', async () => {
    const hash = thread.open('sha256');
    const much = Buffer.concat([BYTES, BYTES]);
    const wait = hash.update(much);
    expect(wait).toBeInstanceOf(Promise);
    await wait;
    expect(await hash.finish()).toBe(digestOf(much));
  });

  it('hashes memory that both threads see where it lies, in turn with what it copies', async () => {
    const hash = thread.open('sha256');
    const shared = new Uint8Array(new SharedArrayBuffer(KIB * KIB));
    for (let offset = 0; offset < BYTES.byteLength; offset += KIB * KIB) {
      await hash.update(BYTES.subarray(offset, offset + 100));
      shared.set(BYTES.subarray(offset + 100, offset + KIB * KIB));
      // It may change once the promise is kept, and does.
      await hash.update(shared.subarray(0, KIB * KIB - 100));
    }
    expect(await hash.finish()).toBe(digestOf(BYTES));
  });

  it('keeps nobody waiting for a piece of a stream that was dropped, and fails it where the thread has ended', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(KIB * KIB));
    const dropped = thread.open('sha256');
    const wait = dropped.update(shared);
    dropped.drop();
    await wait;
    const lost = thread.open('sha256');
    const failing = lost.update(shared);
    await Promise.all([expect(failing).rejects.toThrow('hashing was ended'), thread.close()]);
  });

  it('reads a file itself, in turn with what it is given', async () => {
    const path = join(folder, 'file');
    await writeFile(path, BYTES);
    const hash = thread.open('sha512');
    await hash.update(BYTES.subarray(0, 1_000));
    expect(hash.updateFrom?.(path, { start: 1_000, end: 3_000 })).toBeUndefined();
    await hash.updateFrom?.(path, { start: 3_000, end: 3_000 });
    await hash.update(BYTES.subarray(3_000, 3_001));
    // Once another stream was answered the file is open, and where it goes does not matter any more.
    await thread.open('sha256').finish();
    await rm(path);
    await hash.updateFrom?.(path, { start: 3_001, end: BYTES.byteLength });
    expect(await hash.finish()).toBe(digestOf(BYTES, 'sha512'));
  });

  it('lets others have their turn while it reads a large file', async () => {
    const path = join(folder, 'large');
    const copies = 12;
    await writeFile(path, Buffer.concat(Array.from({ length: copies }, () => BYTES)));
    const large = thread.open('sha256');
    const reading = large.updateFrom?.(path, { start: 0, end: copies * BYTES.byteLength });
    let isRead = false;
    void reading?.then(() => {
      isRead = true;
    });
    const small = thread.open('sha256');
    await give(small, BYTES, [300 * KIB]);
    expect(await small.finish()).toBe(digestOf(BYTES));
    expect(isRead).toBe(false);
    large.drop();
    await reading;
  });

  it('fails a stream whose file is shorter than was said, and no other', async () => {
    const path = join(folder, 'short');
    await writeFile(path, BYTES.subarray(0, 500));
    const [short, missing, other] = [thread.open('sha256'), thread.open('sha256'), thread.open('sha256')];
    short.updateFrom?.(path, { start: 0, end: 501 });
    missing.updateFrom?.(join(folder, 'nothing'), { start: 0, end: 1 });
    other.updateFrom?.(path, { start: 0, end: 500 });
    await expect(short.finish()).rejects.toThrow('ends at byte 500 of 501');
    await expect(missing.finish()).rejects.toThrow('ENOENT');
    expect(await other.finish()).toBe(digestOf(BYTES.subarray(0, 500)));
  });

  it('forgets a stream that was dropped, and goes on with the others', async () => {
    const dropped = thread.open('sha256');
    const kept = thread.open('sha256');
    await give(dropped, BYTES, [300 * KIB]);
    await give(kept, BYTES, [200 * KIB]);
    dropped.drop();
    expect(await kept.finish()).toBe(digestOf(BYTES));
  });

  it('fails what is open when the thread ends, and starts another for the next', async () => {
    const lost = thread.open('sha256');
    await give(lost, BYTES, [300 * KIB]);
    const digest = lost.finish();
    await Promise.all([expect(digest).rejects.toThrow('hashing was ended'), thread.close()]);
    expect(() => lost.update(BYTES)).toThrow('hashing was ended');
    const next = thread.open('sha256');
    await give(next, BYTES, [300 * KIB]);
    expect(await next.finish()).toBe(digestOf(BYTES));
  });
});
