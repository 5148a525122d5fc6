import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import { failureOf } from '../../net/failure-of.ts';
import { eventually } from '../../support/eventually.ts';
import { seedImage } from '../../support/seed-image.ts';
import { makeImage } from '../../support/test-image.ts';
import { CHUNK_BYTES, openCopyBench, REPOSITORY } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

const LAYERS = [{ size: 1_000 }, { size: 90_000 }, { size: 20_000 }];
const blobOf = (path: string) => /digest=([^&]+)/.exec(decodeURIComponent(path))?.[1];

describe('what is at the target already', () => {
  it('is all of it: nothing moves, and nothing is put', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: ['linux/amd64', 'linux/arm64'], layers: LAYERS });
    await seedImage(bench.main.registry, REPOSITORY, 'v1', image);
    const counts = await bench.copy({ image });
    bench.main.registry.expectOnly(/^HEAD /, /^GET .*\/manifests\//);
    bench.source.expectOnly(/^GET .*\/manifests\//);
    expect(counts).toMatchObject({ present: image.blobs.length + image.manifests.length, moved: 0, sentBytes: 0 });
    expect(counts.planned).toEqual({ blobs: counts.present, bytes: counts.tree.bytesTotal });
  });

  it('is some of it: only the rest moves', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: LAYERS });
    await seedImage(
      bench.main.registry,
      REPOSITORY,
      undefined,
      makeImage({ layers: [{ bytes: image.blobs[1]?.bytes ?? Buffer.of() }], seed: 'old' }),
    );
    const counts = await bench.copy({ image });
    expect(counts.present).toBe(1);
    expect(bench.source.count('GET', /\/blobs\//)).toBe(image.blobs.length - 1);
    await expectPlaced(bench.main, image);
  });

  it('is told at once, when it is known: a plan that fails has counted nothing', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: LAYERS });
    await seedImage(bench.main.registry, REPOSITORY, 'v1', image);
    bench.main.registry.failNext('HEAD', { path: /\/blobs\//, status: 503, skip: 2 });
    const { done, counts } = bench.start({ image });
    expect(await failureOf(done)).toMatchObject({ code: 'remote_unavailable', details: { side: 'target' } });
    expect(counts).toMatchObject({ present: 0, planned: { blobs: 0, bytes: 0 } });
  });

  it('has another size than the image says: no tag is set on that', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: LAYERS });
    await seedImage(bench.main.registry, REPOSITORY, undefined, image);
    bench.main.registry.failNext('HEAD', { path: /\/blobs\//, status: 200, headers: { 'content-length': '7' } });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code: 'size_mismatch',
      details: { side: 'target' },
    });
    expect(bench.main.registry.count('PUT')).toBe(0);
  });
});

describe('order', () => {
  it('is the largest blob first, children before parents, the tag last', async () => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await bench.seed({ platforms: ['linux/amd64', 'linux/arm64'], layers: LAYERS });
    await bench.copy({ image });
    const puts = bench.main.registry.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    const sizes = puts.flatMap(
      (path) => image.blobs.find((blob) => blob.digest === blobOf(path))?.bytes.byteLength ?? [],
    );
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes).toHaveLength(image.blobs.length);
    const manifests = puts.flatMap((path) => /\/manifests\/(.+)$/.exec(path)?.[1] ?? []);
    expect(manifests).toEqual([...image.manifests.slice(0, -1).map(({ digest }) => digest), 'v1']);
    expect(puts.slice(-3)).toEqual(puts.filter((path) => path.includes('/manifests/')));
  });

  it('leaves the tag alone when another push has it', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    await bench.copy({ image, tag: null });
    expect(bench.main.registry.requests.some(({ path }) => path.endsWith('/v1'))).toBe(false);
    await expectPlaced(bench.main, image, REPOSITORY, image.digest);
  });

  it('is none among blobs, as far as there are places', async () => {
    await using bench = await openCopyBench({ slots: 2 });
    const image = await bench.seed({ layers: [1, 2, 3, 4, 5].map((n) => ({ size: n * 10_000 })) });
    bench.main.registry.failNext('PUT', { path: /uploads/, delayMs: 40, times: 6 });
    let atOnce = 0;
    const { done } = bench.start({ image });
    await eventually(
      () => {
        const open = bench.main.registry.requests.filter(
          ({ method, path, status }) => method === 'PUT' && path.includes('uploads') && status === undefined,
        );
        atOnce = Math.max(atOnce, open.length);
        return bench.main.registry.count('PUT', /manifests/) > 0;
      },
      { everyMs: 2 },
    );
    await done;
    expect(atOnce).toBe(2);
  });
});

describe('a blob that another repository of the registry has', () => {
  const seedBoth = async (target: Parameters<typeof openCopyBench>[0] = {}) => {
    const bench = await openCopyBench(target);
    const image = await bench.seed({ layers: LAYERS });
    await bench.copy({ image, repository: 'team/other' });
    bench.main.registry.forgetRequests();
    return { bench, image, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
  };

  it('is mounted', async () => {
    await using stand = await seedBoth();
    const { bench, image } = stand;
    const counts = await bench.copy({ image });
    expect(counts).toMatchObject({ mounted: image.blobs.length, sentBytes: image.bytes.byteLength });
    expect(bench.main.registry.count('PUT', /uploads/)).toBe(0);
    await expectPlaced(bench.main, image);
  });

  it('is sent in the session that is given in place of a mount', async () => {
    await using stand = await seedBoth({ target: { mounts: 'ignore' } });
    const { bench, image } = stand;
    expect(await bench.copy({ image })).toMatchObject({ mounted: 0, moved: image.blobs.length + 1 });
    expect(bench.main.registry.count('POST', /uploads/)).toBe(image.blobs.length);
    await expectPlaced(bench.main, image);
  });

  it('is sent in a session of its algorithm', async () => {
    await using bench = await openCopyBench({ target: { mounts: 'ignore' } });
    const image = await bench.seed({ algorithm: 'sha512' });
    await bench.copy({ image, repository: 'team/other' });
    await bench.copy({ image });
    expect(bench.main.registry.count('POST', /team\/app.*digest-algorithm=sha512/)).toBe(image.blobs.length);
  });

  it.each([403, 405, 404, 400])('is sent after a mount that is answered %d', async (status) => {
    await using stand = await seedBoth();
    const { bench, image } = stand;
    bench.main.registry.failNext('POST', { path: /mount=/, status, times: image.blobs.length });
    expect(await bench.copy({ image })).toMatchObject({ mounted: 0, moved: image.blobs.length + 1 });
    await expectPlaced(bench.main, image);
  });

  it.each([{ status: 503, retryAfter: 3 }, { reset: true }])(
    'is sent after a mount that fails (%j), when that was waited for',
    async (fault) => {
      await using stand = await seedBoth();
      const { bench, image } = stand;
      bench.main.registry.failNext('POST', { path: /mount=/, ...fault });
      expect(await bench.copy({ image })).toMatchObject({ mounted: image.blobs.length - 1, moved: 2 });
      expect(bench.pauses).toHaveLength(1);
      if ('status' in fault) expect(bench.pauses[0]).toBeGreaterThanOrEqual(3_000);
    },
  );
});

describe('two copies at once', () => {
  it('to two targets read each blob of the source once', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: 2_000_000 }, { size: 3_000 }] });
    const other = await bench.openTarget();
    await Promise.all([bench.copy({ image }), bench.copy({ image, target: other })]);
    expect(bench.source.count('GET', /\/blobs\//)).toBe(image.blobs.length);
    await expectPlaced(bench.main, image);
    await expectPlaced(other, image);
  });

  it('to one registry send a shared blob once', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: 600_000 }] });
    const [one, two] = await Promise.all([bench.copy({ image }), bench.copy({ image, repository: 'team/other' })]);
    expect(one.mounted + two.mounted).toBe(image.blobs.length);
    expect(bench.main.registry.count('PUT', /uploads/)).toBe(image.blobs.length);
    await expectPlaced(bench.main, image, 'team/other');
  });

  it('to one repository: whoever waited finds it there', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: 600_000 }] });
    const both = await Promise.all([bench.copy({ image, tag: 'v1' }), bench.copy({ image, tag: 'v2' })]);
    expect(both.reduce((sum, { shared, present }) => sum + shared + present, 0)).toBeGreaterThanOrEqual(
      image.blobs.length,
    );
    expect(bench.main.registry.count('PUT', /uploads/)).toBe(image.blobs.length);
    expect(bench.main.target.crossing.size).toBe(0);
  });

  it.each(['fails', 'is aborted'])('do not need the one that began to send when it %s', async (how) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: 3 * CHUNK_BYTES }] });
    const stop = new AbortController();
    // The first one hangs in its upload until it is stopped; a definite refusal stands for its failure.
    if (how === 'fails') bench.main.registry.failNext('PATCH', { status: 400, delayMs: 150 });
    else bench.main.registry.failNext('PATCH', { stall: true, afterBytes: 1_000 });
    const first = bench.start({ image, repository: 'team/first', signal: stop.signal });
    const failed = first.done.catch((error: unknown) => error);
    await eventually(() => bench.main.registry.count('PATCH') > 0);
    const second = bench.start({ image });
    await eventually(() => bench.main.registry.count('HEAD', /team\/app/) > 0);
    if (how === 'is aborted') stop.abort(new Failure('cancelled', 'enough'));
    await second.done;
    expect(await failed).toBeInstanceOf(Failure);
    await expectPlaced(bench.main, image);
    expect(bench.main.target.crossing.size).toBe(0);
  });
});
