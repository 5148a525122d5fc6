import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestImage } from '../../support/test-image.ts';
import { CHUNK_BYTES, type CopyBench, openCopyBench, REPOSITORY } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

const SIZE = 4 * CHUNK_BYTES;

const largest = (image: TestImage) => {
  const [blob] = [...image.blobs].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  if (blob === undefined) throw new Error('the image has no blobs');
  return blob;
};

/** A session at the target that holds the first bytes of the layer, and a note of it. */
async function beginUpload(
  bench: CopyBench,
  image: TestImage,
  noted: { offset: number; sentUpTo?: number; held?: number },
) {
  const { digest, bytes } = largest(image);
  const { storage, url } = bench.main.registry;
  const id = await storage.startUpload(REPOSITORY, 'sha256');
  await storage.appendUpload(REPOSITORY, id, { body: Readable.from([bytes.subarray(0, noted.held ?? noted.offset)]) });
  await bench.journal.save({
    registry: 'main',
    repository: REPOSITORY,
    digest,
    location: `${url}/v2/${REPOSITORY}/blobs/uploads/${id}`,
    offset: noted.offset,
    sentUpTo: noted.sentUpTo ?? noted.offset,
    updatedAt: 0,
  });
  return id;
}

const sentOf = (bench: CopyBench) =>
  bench.main.registry.requests
    .filter(({ method }) => method === 'PATCH' || method === 'PUT')
    .map(({ headers }) => headers['content-range'])
    .filter((range) => range !== undefined);

describe('an upload that an earlier process had begun', () => {
  it('goes on where it stood', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await beginUpload(bench, image, { offset: 2 * CHUNK_BYTES });
    const counts = await bench.copy({ image });
    expect(sentOf(bench)[0]).toBe(`${2 * CHUNK_BYTES}-${3 * CHUNK_BYTES - 1}`);
    expect(counts).toMatchObject({ resumedBytes: 2 * CHUNK_BYTES, restarted: 0, resentBytes: 0 });
    expect(counts.sentBytes).toBe(counts.tree.bytesTotal - 2 * CHUNK_BYTES);
    expect(bench.journal.entries.size).toBe(0);
    await expectPlaced(bench.main, image);
  });

  it('begins anew where the session has more than the blob, and gives that session back', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const id = await beginUpload(bench, image, { offset: CHUNK_BYTES });
    const more = Readable.from([Buffer.alloc(SIZE)]);
    await bench.main.registry.storage.appendUpload(REPOSITORY, id, { body: more });
    expect(await bench.copy({ image })).toMatchObject({ resumedBytes: 0, restarted: 1 });
    expect(bench.main.registry.count('DELETE', new RegExp(`/blobs/uploads/${id}`))).toBe(1);
    await expectPlaced(bench.main, image);
  });

  it('goes on where the registry stands when that is further than the note', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await beginUpload(bench, image, { offset: CHUNK_BYTES, held: CHUNK_BYTES + 777, sentUpTo: CHUNK_BYTES + 10_000 });
    const counts = await bench.copy({ image });
    expect(counts).toMatchObject({ resumedBytes: CHUNK_BYTES + 777, resentBytes: 10_000 - 777 });
    await expectPlaced(bench.main, image);
  });

  it('is only closed when the registry has all of it', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await beginUpload(bench, image, { offset: CHUNK_BYTES, held: SIZE });
    expect(await bench.copy({ image })).toMatchObject({ resumedBytes: SIZE, resentBytes: 0 });
    await expectPlaced(bench.main, image);
  });

  it.each([
    ['is gone', { offset: CHUNK_BYTES }, true],
    ['has more than the blob', { offset: CHUNK_BYTES, held: SIZE }, false],
  ])('begins anew where its session %s', async (_, noted, isGone) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const id = await beginUpload(bench, image, noted);
    if (isGone) await bench.main.registry.storage.cancelUpload(REPOSITORY, id);
    else {
      await bench.main.registry.storage.appendUpload(REPOSITORY, id, { body: Readable.from([Buffer.alloc(10)]) });
    }
    const counts = await bench.copy({ image });
    expect(counts).toMatchObject({ resumedBytes: 0, restarted: 1, resentBytes: CHUNK_BYTES });
    await expectPlaced(bench.main, image);
  });

  it('begins anew where its session is refused whatever is sent', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await beginUpload(bench, image, { offset: CHUNK_BYTES });
    bench.main.registry.failNext('PATCH', { status: 400, body: '{"errors":[{"code":"BLOB_UPLOAD_INVALID"}]}' });
    expect(await bench.copy({ image })).toMatchObject({ restarted: 1 });
    await expectPlaced(bench.main, image);
  });

  it('begins anew where it holds other bytes', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const id = await beginUpload(bench, image, { offset: CHUNK_BYTES, held: 0 });
    await bench.main.registry.storage.appendUpload(REPOSITORY, id, {
      body: Readable.from([Buffer.alloc(CHUNK_BYTES, 1)]),
    });
    expect(await bench.copy({ image })).toMatchObject({ restarted: 1 });
    await expectPlaced(bench.main, image);
  });

  it('is taken up although the first question about it fails', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await beginUpload(bench, image, { offset: 2 * CHUNK_BYTES });
    bench.main.registry.failNext('GET', { path: /uploads/, status: 503 });
    expect(await bench.copy({ image })).toMatchObject({ resumedBytes: 2 * CHUNK_BYTES, resentBytes: 0 });
  });

  it('of a blob of one chunk is taken up too, so that no session is left open at the registry', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: CHUNK_BYTES / 2 }] });
    const { registry } = bench.main;
    const stop = new AbortController();
    registry.failNext('PUT', { path: /uploads/, stall: true, afterBytes: 10, times: 2 });
    const first = bench.start({ image, signal: stop.signal });
    const failed = first.done.catch((error: unknown) => error);
    await eventually(() => registry.count('PUT', /uploads/) === 2);
    stop.abort(new Failure('cancelled', 'enough'));
    expect(await failed).toMatchObject({ code: 'cancelled' });
    expect(bench.journal.entries.size).toBe(2);
    // The registry has noticed, and has put down what had come: asked sooner it would tell less than it is about to have.
    const sessions = [...bench.journal.entries.values()].map(({ location }) => location);
    const findRange = async (session: string) => (await fetch(session)).headers.get('range');
    await eventually(async () => (await Promise.all(sessions.map(findRange))).every((range) => range === '0-9'));
    await bench.copy({ image });
    expect(registry.count('POST', /uploads/)).toBe(2);
    expect(bench.journal.entries.size).toBe(0);
    await expectPlaced(bench.main, image);
  });

  it('is let go of, again and again while the registry cannot be asked, once the blob is there', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await bench.copy({ image });
    const id = await beginUpload(bench, image, { offset: CHUNK_BYTES });
    bench.main.registry.failNext('DELETE', { path: /uploads/, reset: true, times: 5 });
    await bench.copy({ image });
    expect(bench.journal.entries.size).toBe(1);
    bench.main.registry.failNext('DELETE', { path: /uploads/, reset: true, times: 2 });
    await bench.copy({ image });
    expect(bench.journal.entries.size).toBe(0);
    expect(await bench.main.registry.storage.findUpload(REPOSITORY, id)).toBeUndefined();
  });

  it('is let go of also while another repository of the registry gets the same blob', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    await bench.copy({ image });
    const id = await beginUpload(bench, image, { offset: CHUNK_BYTES });
    const { promise: elsewhere, resolve } = Promise.withResolvers<typeof REPOSITORY>();
    const { digest } = largest(image);
    bench.main.target.crossing.set(digest, elsewhere);
    const copied = bench.copy({ image });
    await eventually(() => bench.main.registry.count('HEAD', /blobs/) >= 4);
    expect(bench.main.registry.count('DELETE', /uploads/)).toBe(0);
    bench.main.target.crossing.delete(digest);
    resolve(parseRepositoryName('team/other'));
    await copied;
    expect(bench.journal.entries.size).toBe(0);
    expect(await bench.main.registry.storage.findUpload(REPOSITORY, id)).toBeUndefined();
  });

  it('goes on after an abort in its middle, which leaves nothing open', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const stop = new AbortController();
    bench.main.registry.failNext('PATCH', { stall: true, afterBytes: 1_000, skip: 2 });
    const first = bench.start({ image, signal: stop.signal });
    const failed = first.done.catch((error: unknown) => error);
    await eventually(() => bench.main.registry.count('PATCH') === 3 && first.counts.sentBytes > 2 * CHUNK_BYTES);
    stop.abort(new Failure('cancelled', 'enough', { step: 'transfer' }));
    expect(await failed).toMatchObject({ code: 'cancelled', message: 'enough', details: { step: 'transfer' } });
    expect(bench.main.target.crossing.size).toBe(0);
    expect([...bench.journal.entries.values()]).toContainEqual(expect.objectContaining({ offset: 2 * CHUNK_BYTES }));
    await expect.poll(async () => (await bench.depot.usage()).landings).toBe(0);
    const counts = await bench.copy({ image });
    expect(counts.resumedBytes).toBeGreaterThanOrEqual(2 * CHUNK_BYTES);
    expect(first.counts.sentBytes + counts.sentBytes).toBeLessThanOrEqual(counts.tree.bytesTotal + CHUNK_BYTES);
    await expectPlaced(bench.main, image);
  });
});
