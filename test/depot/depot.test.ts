import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDepot } from '../../src/depot/depot.ts';
import { depotPaths } from '../../src/depot/depot-paths.ts';
import type { Depot } from '../../src/depot/depot-port.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { DepotBlob, OpenBlob } from '../../src/sync/copy/blob-depot.ts';
import { noAside } from '../sync/copy/support/no-aside.ts';

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** Bytes that differ everywhere and are the same in every run. */
function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function digestOfBytes(bytes: Uint8Array, algorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** A source that serves `bytes` from any offset in pieces, and counts how often it was asked. */
function sourceOf(
  bytes: Uint8Array,
  options: { pieceBytes?: number; failAt?: number; gate?: Promise<void>; ignoreRange?: boolean } = {},
) {
  const asked: number[] = [];
  const open: OpenBlob = async (offset) => {
    asked.push(offset);
    const startsAt = options.ignoreRange === true ? 0 : offset;
    async function* body() {
      const pieceBytes = options.pieceBytes ?? 64 * 1024;
      for (let at = startsAt; at < bytes.byteLength; at += pieceBytes) {
        if (options.gate !== undefined && at > 0) await options.gate;
        if (options.failAt !== undefined && at >= options.failAt && asked.length === 1)
          throw new Error('the source broke off');
        yield bytes.subarray(at, at + pieceBytes);
      }
    }
    return { startsAt, body: body() };
  };
  return { open, asked };
}

async function readAll(blob: DepotBlob, signal = never, offset = 0): Promise<Buffer> {
  const reader = blob.openReader();
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.read({ offset, end: blob.sizeBytes }, signal)) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    reader.close();
  }
}

describe('depot', () => {
  let folder: string;
  let depot: Depot;
  let needed: Set<Digest>;

  const reopen = async (limitBytes = 100 * MIB) => {
    depot = await openDepot({ folder, limitBytes, neededBlobs: async () => needed });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrepot-depot-'));
    needed = new Set();
    await reopen();
  });

  afterEach(async () => {
    await depot.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('lands a blob once for two readers, which both get the right bytes', async () => {
    const bytes = content(9 * MIB);
    const source = sourceOf(bytes);
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };
    const [one, two] = await Promise.all([
      depot.land(descriptor, source.open, never),
      depot.land(descriptor, source.open, never),
    ]);
    const [first, second] = await Promise.all([readAll(one), readAll(two)]);
    expect(first.equals(bytes) && second.equals(bytes)).toBe(true);
    await one.landed;
    expect(source.asked).toEqual([0]);
    expect(depot.find(descriptor.digest)).toEqual({ sizeBytes: bytes.byteLength });
    expect((await depot.usage()).usedBytes).toBe(bytes.byteLength);
  });

  it('gives bytes to a reader before the blob is whole, but not the last ones', async () => {
    const bytes = content(MIB);
    let openGate: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const blob = await depot.land({ digest: digestOfBytes(bytes), size: MIB }, sourceOf(bytes, { gate }).open, never);
    const pieces = blob.openReader().read({ offset: 0, end: MIB }, never)[Symbol.asyncIterator]();
    expect((await pieces.next()).value?.byteLength).toBe(64 * 1024);
    expect(depot.find(blob.digest)).toBeUndefined();
    openGate();
    await blob.landed;
  });

  it('never gives the last bytes of a blob whose digest is wrong, and does not keep it', async () => {
    const bytes = content(2 * MIB);
    const digest = digestOfBytes(content(10));
    const blob = await depot.land({ digest, size: bytes.byteLength }, sourceOf(bytes).open, never);
    let received = 0;
    const reader = blob.openReader();
    await expect(async () => {
      for await (const piece of reader.read({ offset: 0, end: bytes.byteLength }, never)) received += piece.byteLength;
    }).rejects.toMatchObject({ code: 'digest_mismatch', details: { side: 'source' } });
    expect(received).toBeLessThan(bytes.byteLength);
    await expect(blob.landed).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(depot.find(digest)).toBeUndefined();
    expect((await depot.usage()).landingBytes).toBe(0);
  });

  it.each([
    ['fewer', 2 * MIB - 1],
    ['more', 2 * MIB + 1],
  ])('refuses a source that has %s bytes than its descriptor says', async (_, size) => {
    const bytes = content(size);
    const blob = await depot.land({ digest: digestOfBytes(bytes), size: 2 * MIB }, sourceOf(bytes).open, never);
    await expect(blob.landed).rejects.toMatchObject({ code: 'size_mismatch', details: { side: 'source' } });
  });

  it('takes up an interrupted landing where the disk has it, also after a restart', async () => {
    const bytes = content(6 * MIB);
    const source = sourceOf(bytes, { failAt: 4 * MIB });
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };
    await expect((await depot.land(descriptor, source.open, never)).landed).rejects.toThrow('broke off');
    await depot.close();
    await reopen();
    const blob = await depot.land(descriptor, source.open, never);
    await blob.landed;
    expect(source.asked[1]).toBeGreaterThanOrEqual(2 * MIB);
    expect((await readAll(blob)).equals(bytes)).toBe(true);
  });

  it('takes up a landing from a source that ignores ranges', async () => {
    const bytes = content(3 * MIB);
    const source = sourceOf(bytes, { failAt: 2 * MIB, ignoreRange: true });
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };
    await expect((await depot.land(descriptor, source.open, never)).landed).rejects.toThrow();
    const blob = await depot.land(descriptor, source.open, never);
    await blob.landed;
    expect((await readAll(blob)).equals(bytes)).toBe(true);
  });

  it('starts over when what an earlier landing left is not the beginning of the blob', async () => {
    const bytes = content(2 * MIB);
    const digest = digestOfBytes(bytes);
    await writeFile(depotPaths(folder).part(digest), content(MIB, 99));
    const source = sourceOf(bytes);
    await expect(
      (await depot.land({ digest, size: bytes.byteLength }, source.open, never)).landed,
    ).rejects.toMatchObject({ code: 'digest_mismatch' });
    await (await depot.land({ digest, size: bytes.byteLength }, source.open, never)).landed;
    expect(source.asked).toEqual([MIB, 0]);
  });

  it('reads a landed blob from any offset and again from an earlier one', async () => {
    const bytes = content(5 * MIB);
    const descriptor = { digest: digestOfBytes(bytes, 'sha512'), size: bytes.byteLength };
    await (await depot.land(descriptor, sourceOf(bytes).open, never)).landed;
    const blob = await depot.land(descriptor, sourceOf(bytes).open, never);
    const reader = blob.openReader();
    const read = async (offset: number, end: number) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of reader.read({ offset, end }, never)) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    expect((await read(2 * MIB, 4 * MIB)).equals(bytes.subarray(2 * MIB, 4 * MIB))).toBe(true);
    expect((await read(3 * MIB, 5 * MIB)).equals(bytes.subarray(3 * MIB))).toBe(true);
    expect((await read(0, 5 * MIB)).equals(bytes)).toBe(true);
    reader.close();
  });

  it('notices bytes that changed on disk before a reader gets the last of them, and lands the blob anew', async () => {
    const bytes = content(3 * MIB);
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };
    await (await depot.land(descriptor, sourceOf(bytes).open, never)).landed;
    const changed = Buffer.from(bytes);
    changed[MIB] = (changed[MIB] ?? 0) ^ 1;
    await writeFile(depotPaths(folder).blob(descriptor.digest), changed);
    await expect(
      readAll(await depot.land(descriptor, sourceOf(bytes).open, never), never, 2 * MIB),
    ).rejects.toMatchObject({ code: 'depot_corrupt' });
    const source = sourceOf(bytes);
    expect((await readAll(await depot.land(descriptor, source.open, never))).equals(bytes)).toBe(true);
    expect(source.asked).toEqual([0]);
  });

  it('moves a file that it takes only when whoever names it has done so', async () => {
    const bytes = content(MIB);
    const digest = digestOfBytes(bytes);
    const path = join(folder, 'sent');
    await writeFile(path, bytes);
    depot.room.hold(bytes.byteLength);
    const named = Promise.withResolvers<void>();
    const taking = depot.takeFile(digest, path, named.promise);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([depot.find(digest), (await readFile(path)).equals(bytes)]).toEqual([undefined, true]);
    named.resolve();
    await taking;
    expect(depot.find(digest)).toEqual({ sizeBytes: MIB });
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('keeps the end of a whole blob that changed on disk from whoever reads it as a stream, and forgets it', async () => {
    const bytes = content(3 * MIB);
    const digest = digestOfBytes(bytes);
    await depot.writeBytes(digest, bytes);
    const streamed = async (offset: number, end: number) =>
      Buffer.concat(await Array.fromAsync((await depot.openRange(digest, { offset, end })) ?? []));
    expect((await streamed(0, 3 * MIB)).equals(bytes)).toBe(true);
    const changed = Buffer.from(bytes);
    changed[MIB] = (changed[MIB] ?? 0) ^ 1;
    await writeFile(depotPaths(folder).blob(digest), changed);
    // A part cannot be judged.
    expect((await streamed(MIB, 2 * MIB)).equals(changed.subarray(MIB, 2 * MIB))).toBe(true);
    let given = 0;
    const reading = async () => {
      for await (const piece of (await depot.openRange(digest, { offset: 0, end: 3 * MIB })) ?? [])
        given += piece.byteLength;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'depot_corrupt' });
    expect(given).toBeLessThan(3 * MIB);
    expect(depot.find(digest)).toBeUndefined();
  });

  it('forgets a blob that was cut short on disk', async () => {
    const bytes = content(MIB);
    const digest = digestOfBytes(bytes);
    await depot.writeBytes(digest, bytes);
    await truncate(depotPaths(folder).blob(digest), 10);
    expect(depot.find(digest)).toBeUndefined();
    expect(await depot.readBytes(digest, 2 * MIB)).toBeUndefined();
  });

  describe('a blob that was cut short while no service ran', () => {
    const bytes = content(MIB);
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };

    beforeEach(async () => {
      await depot.writeBytes(descriptor.digest, bytes);
      await depot.close();
      await truncate(depotPaths(folder).blob(descriptor.digest), 10);
      await reopen();
    });

    it('lands anew for a leg that needs it', async () => {
      const source = sourceOf(bytes);
      expect((await readAll(await depot.land(descriptor, source.open, never))).equals(bytes)).toBe(true);
      expect(source.asked).toEqual([0]);
    });

    it('is replaced by one that a client sends again', async () => {
      const path = join(folder, 'sent');
      await writeFile(path, bytes);
      depot.room.hold(bytes.byteLength);
      await depot.takeFile(descriptor.digest, path);
      expect(Buffer.from((await depot.readBytes(descriptor.digest, MIB)) ?? []).equals(bytes)).toBe(true);
      expect(await depot.usage()).toMatchObject({ usedBytes: MIB, landingBytes: 0 });
    });

    it('is replaced by bytes that are written', async () => {
      await depot.writeBytes(descriptor.digest, bytes);
      expect(Buffer.from((await depot.readBytes(descriptor.digest, MIB)) ?? []).equals(bytes)).toBe(true);
    });
  });

  it('keeps a blob whose descriptor is wrong about its size, and says so', async () => {
    const bytes = content(MIB);
    const digest = digestOfBytes(bytes);
    await depot.writeBytes(digest, bytes);
    const source = sourceOf(bytes);
    await expect(depot.land({ digest, size: MIB + 1 }, source.open, never)).rejects.toMatchObject({
      code: 'size_mismatch',
      details: { side: 'source' },
    });
    expect(source.asked).toEqual([]);
    expect(depot.find(digest)).toEqual({ sizeBytes: MIB });
  });

  it('gives a slow reader the right bytes from disk without slowing the landing', async () => {
    const bytes = content(24 * MIB);
    const blob = await depot.land(
      { digest: digestOfBytes(bytes), size: bytes.byteLength },
      sourceOf(bytes).open,
      never,
    );
    const reader = blob.openReader();
    const pieces = reader.read({ offset: 0, end: bytes.byteLength }, never)[Symbol.asyncIterator]();
    const first = await pieces.next();
    await blob.landed;
    const rest: Uint8Array[] = [first.value ?? Buffer.alloc(0)];
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) rest.push(next.value);
    expect(Buffer.concat(rest).equals(bytes)).toBe(true);
    reader.close();
  });

  it('lets readers of a landing begin at every moment of its becoming whole', async () => {
    for (let round = 0; round < 20; round += 1) {
      const bytes = content(300_000, 1_000 + round);
      const blob = await depot.land(
        { digest: digestOfBytes(bytes), size: bytes.byteLength },
        sourceOf(bytes).open,
        never,
      );
      let isLanding = true;
      const landed = blob.landed.then(() => {
        isLanding = false;
      });
      while (isLanding) {
        const reader = blob.openReader();
        const pieces: Uint8Array[] = [];
        for await (const piece of reader.read({ offset: 100_000, end: 200_000 }, never)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(bytes.subarray(100_000, 200_000))).toBe(true);
        reader.close();
      }
      await landed;
    }
  });

  it('stops a landing when the last one who wanted it has gone, and not before', async () => {
    const bytes = content(4 * MIB);
    const gate = new Promise<void>(() => {});
    const one = new AbortController();
    const two = new AbortController();
    const descriptor = { digest: digestOfBytes(bytes), size: bytes.byteLength };
    let stopped = false;
    const open: OpenBlob = async (_, signal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      async function* body() {
        yield bytes.subarray(0, MIB);
        await Promise.race([
          gate,
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]);
      }
      return { startsAt: 0, body: body() };
    };
    const blob = await depot.land(descriptor, open, one.signal);
    await depot.land(descriptor, open, two.signal);
    const reader = blob.openReader();
    await reader.read({ offset: 0, end: MIB }, never)[Symbol.asyncIterator]().next();
    reader.close();
    one.abort();
    expect(stopped).toBe(false);
    two.abort();
    await expect(blob.landed).rejects.toMatchObject({ code: 'cancelled' });
    expect(stopped).toBe(true);
  });

  it('makes room by letting the longest unused go, never what is needed, and says when it cannot', async () => {
    await depot.close();
    await reopen(3 * MIB);
    const blobs = [1, 2, 3].map((seed) => content(MIB, seed));
    for (const bytes of blobs) await depot.writeBytes(digestOfBytes(bytes), bytes);
    const digests = blobs.map((bytes) => digestOfBytes(bytes));
    needed.add(digests[0] as Digest);
    const fourth = content(MIB, 4);
    await depot.writeBytes(digestOfBytes(fourth), fourth);
    expect(digests.map((digest) => depot.find(digest) !== undefined)).toEqual([true, false, true]);
    const tooLarge = content(2.5 * MIB, 5);
    await expect(
      depot.land({ digest: digestOfBytes(tooLarge), size: tooLarge.byteLength }, sourceOf(tooLarge).open, never),
    ).rejects.toMatchObject({ code: 'depot_full' });
    expect((await depot.usage()).usedBytes).toBe(3 * MIB);
  });

  it('lands a stream of unknown digest, and leaves nothing when it breaks off', async () => {
    const bytes = content(3 * MIB);
    const { open } = sourceOf(bytes);
    const { body } = await open(0, never, noAside);
    expect(await depot.landStream(body, never)).toEqual({ digest: digestOfBytes(bytes), sizeBytes: bytes.byteLength });
    const broken = await sourceOf(content(3 * MIB, 7), { failAt: MIB }).open(0, never, noAside);
    await expect(depot.landStream(broken.body, never)).rejects.toThrow('broke off');
    expect(await readdir(depotPaths(folder).landing)).toEqual([]);
    expect((await depot.usage()).landingBytes).toBe(0);
  });

  it('counts what an earlier process left', async () => {
    const bytes = content(MIB);
    await depot.writeBytes(digestOfBytes(bytes), bytes);
    await depot.close();
    await writeFile(join(depotPaths(folder).landing, 'stream-of-a-dead-process'), 'x');
    await reopen();
    expect(depot.find(digestOfBytes(bytes))).toEqual({ sizeBytes: MIB });
    expect(await readdir(depotPaths(folder).landing)).toEqual([]);
    expect((await stat(depotPaths(folder).blob(digestOfBytes(bytes)))).size).toBe(MIB);
  });
});
