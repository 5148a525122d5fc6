import { describe, expect, it } from 'vitest';
import { failureOf } from '../../net/failure-of.ts';
import { CHUNK_BYTES, type CopyBench, openCopyBench } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

const SIZE = 3 * CHUNK_BYTES + 1_000;
const seedLayer = (bench: CopyBench, size = SIZE) => bench.seed({ layers: [{ size }] });
const uploads = ({ main }: CopyBench, image: { blobs: readonly { digest: string; bytes: Uint8Array }[] }) => {
  const small = image.blobs
    .filter(({ bytes }) => bytes.byteLength < 2_000)
    .map(({ digest }) => encodeURIComponent(digest));
  return main.registry.requests
    .filter(({ method, path }) => /^(PATCH|PUT)$/.test(method) && path.includes('/uploads/'))
    .filter(({ path }) => !small.some((digest) => path.includes(digest)));
};

describe('an upload', () => {
  it('of one chunk is one PUT', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench, CHUNK_BYTES);
    await bench.copy({ image });
    expect(uploads(bench, image).map(({ method, bytesIn }) => [method, bytesIn])).toEqual([['PUT', CHUNK_BYTES]]);
    expect(bench.journal.entries.size).toBe(0);
  });

  it('of more is chunks in order, the last of them with the closing PUT', async () => {
    await using bench = await openCopyBench({ target: { locations: 'state' } });
    const image = await seedLayer(bench);
    const counts = await bench.copy({ image });
    expect(
      uploads(bench, image).map(({ method, bytesIn, headers }) => [method, bytesIn, headers['content-range']]),
    ).toEqual([
      ['PATCH', CHUNK_BYTES, `0-${CHUNK_BYTES - 1}`],
      ['PATCH', CHUNK_BYTES, `${CHUNK_BYTES}-${2 * CHUNK_BYTES - 1}`],
      ['PATCH', CHUNK_BYTES, `${2 * CHUNK_BYTES}-${3 * CHUNK_BYTES - 1}`],
      ['PUT', 1_000, `${3 * CHUNK_BYTES}-${SIZE - 1}`],
    ]);
    expect(counts).toMatchObject({ sentBytes: counts.tree.bytesTotal, resentBytes: 0, restarted: 0 });
    expect(bench.journal.entries.size).toBe(0);
  });

  it('takes larger chunks where the registry asks for them', async () => {
    await using bench = await openCopyBench({ target: { chunkMinBytes: 2 * CHUNK_BYTES } });
    const image = await seedLayer(bench);
    await bench.copy({ image });
    expect(uploads(bench, image).map(({ bytesIn }) => bytesIn)).toEqual([2 * CHUNK_BYTES, CHUNK_BYTES + 1_000]);
  });

  it('goes on where the registry stands after a reset, and counts what it sends again', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { reset: true, afterBytes: 100_000, skip: 1 });
    const counts = await bench.copy({ image });
    await expectPlaced(bench.main, image);
    expect(counts.sentBytes - counts.resentBytes).toBe(counts.tree.bytesTotal);
    expect(counts.sentBytes).toBeLessThanOrEqual(counts.tree.bytesTotal + CHUNK_BYTES);
    expect(counts.restarted).toBe(0);
    const resumed = uploads(bench, image).find(
      ({ headers }) =>
        /^(?!0-)/.test(String(headers['content-range'] ?? '0-')) &&
        Number(String(headers['content-range']).split('-')[0]) % CHUNK_BYTES !== 0,
    );
    expect(Number(String(resumed?.headers['content-range']).split('-')[0])).toBe(CHUNK_BYTES + 100_000);
  });

  it.each([
    ['docker-registry forgets a cut session', { forgetsCutUploads: true }, { reset: true, afterBytes: 50_000 }],
    [
      'any registry says that it does not know it',
      {},
      { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' },
    ],
  ] as const)('starts over, once, where %s', async (_, target, fault) => {
    await using bench = await openCopyBench({ target });
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { ...fault, skip: 2 });
    const counts = await bench.copy({ image });
    await expectPlaced(bench.main, image);
    expect(counts.restarted).toBe(1);
    expect(counts.resentBytes).toBeGreaterThanOrEqual(2 * CHUNK_BYTES);
    expect(counts.sentBytes - counts.resentBytes).toBe(counts.tree.bytesTotal);
  });

  it('goes on at the offset that a 416 names', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { skip: 1, loseAnswer: true });
    // The status is lost too, so that the next chunk comes too early by one.
    bench.main.registry.failNext('GET', { path: /uploads/, status: 204, headers: { range: `0-${CHUNK_BYTES - 1}` } });
    const counts = await bench.copy({ image });
    expect(uploads(bench, image).map(({ status }) => status)).toContain(416);
    expect(counts.restarted).toBe(0);
    await expectPlaced(bench.main, image);
  });

  it('starts over where the registry refuses the very offset that it names', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { skip: 1, status: 416 });
    expect((await bench.copy({ image })).restarted).toBe(1);
    await expectPlaced(bench.main, image);
  });

  it('goes by its own count where the Range sticks at the first chunk (ECR)', async () => {
    await using bench = await openCopyBench({ target: { ecr: true } });
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { reset: true, afterBytes: 70_000, skip: 2 });
    const counts = await bench.copy({ image });
    await expectPlaced(bench.main, image);
    expect(counts).toMatchObject({ restarted: 0 });
    expect(counts.sentBytes).toBeLessThanOrEqual(counts.tree.bytesTotal + CHUNK_BYTES);
  });

  it.each([CHUNK_BYTES, SIZE])(
    'of %d bytes whose last answer is lost is there, and nothing is sent again',
    async (size) => {
      await using bench = await openCopyBench();
      const image = await seedLayer(bench, size);
      bench.main.registry.failNext('PUT', { path: /uploads/, loseAnswer: true, times: 2 });
      const counts = await bench.copy({ image });
      expect(counts).toMatchObject({ sentBytes: counts.tree.bytesTotal, resentBytes: 0 });
      await expectPlaced(bench.main, image);
    },
  );

  it('that stalls gets another connection', async () => {
    // More than the buffers of both ends take, so that the stall shows while the chunk is written.
    const chunkBytes = 24 * 1024 * 1024;
    await using bench = await openCopyBench({ stallMs: 400, chunkBytes });
    const image = await seedLayer(bench, chunkBytes + 1_000);
    bench.main.registry.failNext('PATCH', { stall: true, afterBytes: 60_000 });
    const counts = await bench.copy({ image });
    await expectPlaced(bench.main, image);
    expect(bench.pauses.length).toBeGreaterThan(0);
    expect(counts).toMatchObject({ restarted: 0 });
    expect(counts.resentBytes).toBeGreaterThan(0);
  });

  it.each([429, 503])('waits as long as it is asked to by a %d', async (status) => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { status, retryAfter: 17, skip: 1 });
    await bench.copy({ image });
    expect(bench.pauses).toEqual([17_000]);
    await expectPlaced(bench.main, image);
  });

  it('gives its place up rather than wait for an hour', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { status: 429, retryAfter: 3_600, skip: 1 });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code: 'remote_rate_limited',
      details: { retryAfterMs: 3_600_000 },
    });
    expect([...bench.journal.entries.values()]).toContainEqual(expect.objectContaining({ offset: CHUNK_BYTES }));
  });

  it.each([500, 502])('is closed again after a %d to the closing PUT', async (status) => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PUT', { path: /uploads/, status, times: 2 });
    const counts = await bench.copy({ image });
    expect(counts).toMatchObject({ restarted: 0 });
    await expectPlaced(bench.main, image);
  });

  it.each([
    ['PATCH', { status: 500 }, 'remote_unavailable'],
    ['PATCH', { reset: true }, 'connection_lost'],
    ['PATCH', { reset: true, afterBytes: 0 }, 'connection_lost'],
    ['PATCH', { status: 404 }, 'upload_session_lost'],
    ['PATCH', { status: 416 }, 'range_refused'],
    ['POST', { status: 403 }, 'remote_denied'],
    ['POST', { status: 500 }, 'remote_unavailable'],
  ] as const)('to a target that always fails ends: %s %j', async (method, fault, code) => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await seedLayer(bench);
    bench.main.registry.failNext(method, { ...fault, path: /uploads/, times: 5 });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code,
      details: { side: 'target', step: expect.stringMatching(/upload/) },
    });
    expect(bench.pauses).toHaveLength(4);
    expect(bench.main.registry.count('PUT', /manifests/)).toBe(0);
  });

  it('ends too where the registry loses what it had, again and again', async () => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await seedLayer(bench);
    // Two chunks are taken, the third loses the session: each new session makes progress, the upload makes none.
    for (let i = 0; i < 5; i += 1) bench.main.registry.failNext('PATCH', { path: /uploads/, status: 404, skip: 2 });
    const { done, counts } = bench.start({ image });
    expect(await failureOf(done)).toMatchObject({ code: 'upload_session_lost' });
    expect(counts.restarted).toBe(4);
  });

  it.each([
    [507, 'remote_unavailable', '{"errors":[{"code":"DENIED","message":"quota of 10 GiB is used up"}]}'],
    [413, 'remote_refused', 'quota of 10 GiB is used up'],
  ])('to a full target (%d) says what it was told', async (status, code, body) => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { status, body, times: status === 507 ? 5 : 1 });
    const failure = await failureOf(bench.copy({ image }));
    expect(failure).toMatchObject({ code, details: { side: 'target', status } });
    expect(failure.message).toContain('quota of 10 GiB is used up');
  });

  it('starts over when what the registry pieced together is not the blob', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PATCH', { reset: true, afterBytes: 100_000 });
    bench.main.registry.failNext('PUT', {
      path: /uploads.*digest/,
      skip: 1,
      status: 400,
      body: '{"errors":[{"code":"DIGEST_INVALID"}]}',
    });
    expect((await bench.copy({ image })).restarted).toBe(1);
    await expectPlaced(bench.main, image);
  });

  it('that was sent in one go and is not the blob at the other end fails, and leaves no session to go on with', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench);
    bench.main.registry.failNext('PUT', {
      path: /uploads.*digest/,
      skip: 1,
      status: 400,
      body: '{"errors":[{"code":"DIGEST_INVALID"}]}',
    });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code: 'digest_mismatch',
      details: { side: 'target' },
    });
    const [layer] = [...image.blobs].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
    expect([...bench.journal.entries.values()].filter(({ digest }) => digest === layer?.digest)).toEqual([]);
    expect(bench.main.registry.count('DELETE', /uploads/)).toBe(1);
  });
});

describe('a manifest', () => {
  it('is put again while the registry does not see its blobs yet', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench, 1_000);
    bench.main.registry.failNext('PUT', {
      path: /manifests/,
      status: 400,
      body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"wait"}]}',
      times: 2,
    });
    await bench.copy({ image });
    expect(bench.pauses).toHaveLength(2);
    await expectPlaced(bench.main, image);
  });

  it('that stays refused for its blobs fails in the end', async () => {
    await using bench = await openCopyBench();
    const image = await seedLayer(bench, 1_000);
    bench.main.registry.failNext('PUT', {
      path: /manifests/,
      status: 404,
      body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}',
      times: 5,
    });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code: 'remote_blob_unknown',
      details: { side: 'target', step: 'manifest upload' },
    });
  });

  it('of a type that the registry refuses fails with its words', async () => {
    const empty = 'application/vnd.oci.empty.v1+json';
    await using bench = await openCopyBench({ target: { refuseTypes: [empty] } });
    const image = await bench.seed({ artifact: 'application/vnd.example' });
    const failure = await failureOf(bench.copy({ image }));
    expect(failure).toMatchObject({
      code: 'attestations_refused',
      details: { side: 'target', step: 'manifest upload', status: 403 },
    });
    expect(failure.message).toContain(`unknown manifest class for ${empty}`);
  });

  it("does not get a tag that is immutable and another's, and keeps its own", async () => {
    await using bench = await openCopyBench({ target: { immutableTags: true } });
    const image = await bench.seed({ seed: 1 });
    await bench.copy({ image });
    await bench.copy({ image });
    const other = await bench.seed({ seed: 2 });
    expect(await failureOf(bench.copy({ image: other }))).toMatchObject({
      code: 'tag_immutable',
      details: { side: 'target' },
    });
    await expectPlaced(bench.main, image);
  });
});
