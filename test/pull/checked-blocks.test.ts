import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { HashThread } from '../../src/depot/hash-thread.ts';
import { BLOCK_BYTES, BlockCoder } from '../../src/oci/block-codes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { ENTRY_BYTES, KnownCodes } from '../../src/pull/known-codes.ts';
import type { PullHolder } from '../../src/pull/pull-holder.ts';
import { readFromHolders } from '../../src/pull/read-from-holders.ts';

const blob = randomBytes(5 * BLOCK_BYTES + 1_234);
const digest = digestOf(blob);
/** No divisor of a block, so that pieces lie across its borders. */
const PIECE_BYTES = 100_003;

type Holder = PullHolder & { content: Buffer; readonly told: string[] };

function openHolder(registry: string, isNear?: true): Holder {
  const told: string[] = [];
  const holder = {
    ...{ registry, repository: parseRepositoryName('team/app'), content: blob, told },
    ...(isNear === undefined ? {} : { isNear }),
    onWrongBytes: () => told.push('wrong bytes'),
    client: {
      openBlob: async (_: unknown, __: unknown, { offset = 0, endInclusive = blob.byteLength - 1 }) => {
        told.push(`${offset}-${endInclusive}`);
        const part = holder.content.subarray(offset, endInclusive + 1);
        const body = Readable.from(piecesOf(part));
        return { body, startsAt: offset, endsAt: undefined, sizeBytes: blob.byteLength, isLongPath: false };
      },
    } as unknown as PullHolder['client'],
  };
  return holder;
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function withBitFlippedAt(position: number): Buffer {
  const wrong = Buffer.from(blob);
  wrong.writeUInt8(wrong.readUInt8(position) ^ 1, position);
  return wrong;
}

function openReading(holders: readonly Holder[]) {
  const knownCodes = new KnownCodes();
  const thread = new HashThread((hashed, codes) => knownCodes.keep(hashed, codes));
  onTestFinished(() => thread.close());
  const counts = { hashes: 0 };
  const failed: string[] = [];
  const openHash = (algorithm: 'sha256' | 'sha512') => {
    counts.hashes += 1;
    return thread.open(algorithm);
  };
  /** What is given, and what ended it where it did not come to its end. */
  const read = async (offset = 0, end = blob.byteLength): Promise<{ bytes: Buffer; error?: unknown }> => {
    const pieces: Uint8Array[] = [];
    const hooks = { openHash, knownCodes, onFailed: ({ registry }: PullHolder) => failed.push(registry) };
    const asked = { digest, sizeBytes: blob.byteLength, offset, end };
    try {
      for await (const piece of readFromHolders(holders, asked, hooks, new AbortController().signal))
        pieces.push(piece);
    } catch (error) {
      return { bytes: Buffer.concat(pieces), error };
    }
    return { bytes: Buffer.concat(pieces) };
  };
  return { read, counts, failed };
}

it('a blob that was hashed once is read by the codes of its blocks from then on', async () => {
  const { read, counts, failed } = openReading([openHolder('depot', true)]);
  for (let reading = 0; reading < 3; reading += 1) expect((await read()).bytes.equals(blob)).toBe(true);
  expect([counts.hashes, failed]).toEqual([1, []]);
});

it('of a blob that was wrong the first time nothing is remembered, and who gave it has failed', async () => {
  const depot = openHolder('depot', true);
  const { read, counts, failed } = openReading([depot]);
  depot.content = withBitFlippedAt(17);
  expect((await read()).error).toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining('depot') });
  expect(failed).toEqual(['depot']);
  depot.content = blob;
  expect((await read()).bytes.equals(blob)).toBe(true);
  expect(counts.hashes).toBe(2);
});

it.each([0, 2 * BLOCK_BYTES - 1, 2 * BLOCK_BYTES, blob.byteLength - 1])(
  'a bit that is wrong at byte %i is replaced by who comes next, and whoever reads does not notice',
  async (position) => {
    const [depot, registry] = [openHolder('depot', true), openHolder('hk')];
    const { read, failed } = openReading([depot, registry]);
    await read();
    depot.content = withBitFlippedAt(position);
    expect((await read()).bytes.equals(blob)).toBe(true);
    expect([failed, depot.told.at(-1)]).toEqual([['depot'], 'wrong bytes']);
    // Of what was right no more is fetched again than what lay in one piece with it, from its block on.
    const block = Math.floor(position / BLOCK_BYTES) * BLOCK_BYTES;
    const from = Number(registry.told[0]?.split('-')[0]);
    expect(from).toBeGreaterThanOrEqual(block - PIECE_BYTES - 2 * BLOCK_BYTES);
    expect(from).toBeLessThanOrEqual(block);
  },
);

it('not one wrong byte is given where nobody has the right ones, and the next reading hashes again', async () => {
  const depot = openHolder('depot', true);
  const { read, counts } = openReading([depot]);
  await read();
  depot.content = withBitFlippedAt(3 * BLOCK_BYTES + 5);
  const { bytes, error } = await read();
  expect(error).toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining('depot') });
  expect(bytes.byteLength).toBeLessThanOrEqual(3 * BLOCK_BYTES);
  expect(bytes.equals(blob.subarray(0, bytes.byteLength))).toBe(true);
  depot.content = blob;
  await read();
  expect(counts.hashes).toBe(2);
});

it.each([
  [BLOCK_BYTES + 7, BLOCK_BYTES + 9],
  [BLOCK_BYTES - 1, 4 * BLOCK_BYTES + 1],
  [5 * BLOCK_BYTES + 1, blob.byteLength],
])('of a part that is near the whole blocks around bytes %i to %i are checked', async (offset, end) => {
  const [depot, registry] = [openHolder('depot', true), openHolder('hk')];
  const { read, failed } = openReading([depot, registry]);
  await read();
  depot.content = withBitFlippedAt(end - 1);
  expect((await read(offset, end)).bytes.equals(blob.subarray(offset, end))).toBe(true);
  expect(failed).toEqual(['depot']);
});

it('of a part that crosses a link no more is asked for than was asked for, and the blocks within it are checked', async () => {
  const [first, second] = [openHolder('hk'), openHolder('sg')];
  const { read, failed } = openReading([first, second]);
  await read();
  const [offset, end] = [BLOCK_BYTES - 10, 3 * BLOCK_BYTES + 10];
  expect((await read(offset, end)).bytes.equals(blob.subarray(offset, end))).toBe(true);
  expect(first.told.at(-1)).toBe(`${offset}-${end - 1}`);
  first.content = withBitFlippedAt(2 * BLOCK_BYTES);
  expect((await read(offset, end)).bytes.equals(blob.subarray(offset, end))).toBe(true);
  expect(failed).toEqual(['hk']);
});

it('one who ends in the middle of a block is replaced there', async () => {
  const [depot, registry] = [openHolder('depot', true), openHolder('hk')];
  const { read, failed } = openReading([depot, registry]);
  await read();
  depot.content = blob.subarray(0, 2 * BLOCK_BYTES + 50);
  expect((await read()).bytes.equals(blob)).toBe(true);
  expect(failed).toEqual(['depot']);
});

it('codes take a bounded room: those that were not used for longest go first', () => {
  const known = new KnownCodes({ maxBytes: 3 * (16 + ENTRY_BYTES) });
  const names = [1, 2, 3, 4].map((n) => digestOf(Buffer.from([n])));
  const keep = (name = digest) => known.keep(name, { key: randomBytes(16), codes: randomBytes(16) });
  for (const name of names.slice(0, 3)) keep(name);
  known.find(names[0] ?? digest);
  keep(names[3]);
  expect(names.map((name) => known.find(name) !== undefined)).toEqual([true, false, true, true]);
  // One that takes all of it puts out nobody.
  known.keep(digest, { key: randomBytes(16), codes: randomBytes(4 * ENTRY_BYTES) });
  expect([known.find(digest), known.find(names[3] ?? digest)]).toEqual([undefined, expect.anything()]);
});

it('a blob of hundreds of blocks has a code for each, and every one is its own', () => {
  const coder = new BlockCoder();
  const [block, blocks] = [new Uint8Array(BLOCK_BYTES), 200];
  for (let n = 0; n < blocks; n += 1) coder.update(block);
  coder.update(new Uint8Array(1));
  const { codes } = coder.finish();
  const each = Array.from({ length: blocks + 1 }, (_, n) =>
    Buffer.from(codes.subarray(n * 16, n * 16 + 16)).toString('hex'),
  );
  expect(codes.byteLength).toBe((blocks + 1) * 16);
  expect(new Set(each).size).toBe(blocks + 1);
});
