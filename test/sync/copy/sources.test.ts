import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/kernel/failure.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { OpenBlob } from '../../../src/sync/copy/blob-depot.ts';
import { failureOf } from '../../net/failure-of.ts';
import { eventually } from '../../support/eventually.ts';
import { seedImage } from '../../support/seed-image.ts';
import { makeImage, type TestBlob, type TestImage } from '../../support/test-image.ts';
import { CHUNK_BYTES, type CopyBench, openCopyBench, REPOSITORY } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

const SIZE = 3 * CHUNK_BYTES + 5_000;

function layerOf(image: TestImage): TestBlob {
  const [layer] = [...image.blobs].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  if (layer === undefined) throw new Error('the image has no blobs');
  return layer;
}

const ofLayer = (image: TestImage) => new RegExp(layerOf(image).digest);

async function expectNothing(bench: CopyBench, image: TestImage): Promise<void> {
  expect(await bench.main.registry.storage.findBlob(REPOSITORY, layerOf(image).digest)).toBeUndefined();
  expect(bench.main.registry.count('PUT', /manifests/)).toBe(0);
}

/** A source that gives a blob's bytes piece by piece, each when the test says so. */
function gatedSource(bytes: Uint8Array, pieceBytes: number) {
  const waiting: (() => void)[] = [];
  let allowed = 0;
  let opened = 0;
  const allow = (pieces: number) => {
    allowed += pieces;
    for (const proceed of waiting.splice(0)) proceed();
  };
  const open: OpenBlob = async (offset, signal) => {
    opened += 1;
    async function* body() {
      for (let at = offset; at < bytes.byteLength; at += pieceBytes) {
        while (at / pieceBytes >= allowed) {
          await new Promise<void>((resolve, reject) => {
            waiting.push(resolve);
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        }
        yield bytes.subarray(at, at + pieceBytes);
      }
    }
    return { startsAt: offset, body: body() };
  };
  return { open, allow, opened: () => opened };
}

describe('a blob whose connection breaks off', () => {
  it.each([
    ['by a range', {}, /^bytes=300000-$/],
    ['from the front where ranges are ignored', { ranges: false }, /./],
  ] as const)('is read on %s, and the copy does not notice', async (_, source, range) => {
    await using bench = await openCopyBench({ source });
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), truncate: 300_000 });
    await bench.copy({ image });
    expect(bench.source.requests.filter(({ headers }) => headers.range !== undefined)).toHaveLength(1);
    expect(bench.source.requests.at(-1)?.path).toBeDefined();
    expect(bench.source.requests.some(({ headers }) => range.test(String(headers.range)))).toBe(true);
    await expectPlaced(bench.main, image);
  });

  it('is read from the front where a range is refused', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), truncate: 300_000 });
    bench.source.failNext('GET', { path: ofLayer(image), status: 416 });
    await bench.copy({ image });
    expect(bench.pauses).toHaveLength(1);
    expect(bench.source.requests.filter(({ headers }) => headers.range !== undefined)).toHaveLength(1);
    await expectPlaced(bench.main, image);
  });

  it('again and again without a byte fails, at the source', async () => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), truncate: 300_000 });
    bench.source.failNext('GET', { path: ofLayer(image), reset: true, times: 4 });
    const failure = await failureOf(bench.copy({ image }));
    expect(failure).toMatchObject({ code: 'connection_lost', details: { side: 'source', step: 'blob read' } });
    expect(bench.pauses).toHaveLength(4);
    await expectNothing(bench, image);
    // What has arrived is kept: the next copy asks for the rest.
    await bench.copy({ image });
    expect(bench.source.requests.filter(({ headers }) => headers.range === 'bytes=300000-').length).toBeGreaterThan(4);
    await expectPlaced(bench.main, image);
  });

  it.each([429, 503])('or is answered %d is asked for again when the source wants it', async (status) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), status, retryAfter: 9 });
    await bench.copy({ image });
    expect(bench.pauses).toEqual([9_000]);
  });
});

describe('a corrupt blob', () => {
  it.each([1, 2])('is a failure of the source, and none of %d targets gets it', async (targets) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), corrupt: true });
    const other = targets === 2 ? await bench.openTarget() : undefined;
    const copies = [bench.copy({ image }), ...(other === undefined ? [] : [bench.copy({ image, target: other })])];
    for (const outcome of await Promise.allSettled(copies)) {
      expect((outcome as PromiseRejectedResult).reason).toMatchObject({
        code: 'digest_mismatch',
        details: { side: 'source', step: 'blob read' },
      });
    }
    await expectNothing(bench, image);
    const { digest } = layerOf(image);
    expect([...bench.journal.entries.values()].filter((entry) => entry.digest === digest)).toEqual([]);
    // The next attempt begins anew with it. What is right at the source, the configuration, may have been under way: no
    // other bytes are taken up.
    const configBytes = image.blobs.find((blob) => blob.digest !== digest)?.bytes.byteLength;
    const counts = await bench.copy({ image });
    expect([0, configBytes]).toContain(counts.resumedBytes);
    await expectPlaced(bench.main, image);
  });

  it('is not finished at a target that follows it while it lands', async () => {
    await using bench = await openCopyBench({ slots: 4 });
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const blob = layerOf(image);
    const wrong = Buffer.from(blob.bytes);
    wrong.writeUInt8(wrong.readUInt8(SIZE - 1) ^ 1, SIZE - 1);
    const gated = gatedSource(wrong, CHUNK_BYTES);
    const whole = gatedSource(
      image.blobs.find(({ digest }) => digest !== blob.digest)?.bytes ?? Buffer.of(),
      CHUNK_BYTES,
    );
    whole.allow(1);
    const { done } = bench.start({ image, openSource: (digest) => (digest === blob.digest ? gated.open : whole.open) });
    const failed = failureOf(done);
    gated.allow(3);
    await eventually(() => bench.main.registry.count('PATCH') === 3);
    gated.allow(9);
    expect(await failed).toMatchObject({ code: 'digest_mismatch', details: { side: 'source' } });
    await expectNothing(bench, image);
    expect(bench.main.registry.count('DELETE', /uploads/)).toBe(1);
  });
});

describe('a slow source', () => {
  it('does not confuse an upload that is cut while it waits for bytes', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    const layer = layerOf(image);
    const gated = gatedSource(layer.bytes, 65_536);
    const rest = gatedSource(image.blobs.find((blob) => blob !== layer)?.bytes ?? Buffer.of(), 65_536);
    rest.allow(1);
    bench.main.registry.failNext('PATCH', { reset: true, afterBytes: 65_536 });
    const { done, counts } = bench.start({
      image,
      openSource: (digest) => (digest === layer.digest ? gated.open : rest.open),
    });
    gated.allow(1);
    await eventually(() =>
      bench.main.registry.requests.some(
        ({ method, path, status }) => method === 'GET' && /uploads/.test(path) && status === 204,
      ),
    );
    // Both the request that was cut and the one that follows it were waiting for these.
    gated.allow(100);
    const { bytesTotal } = await done;
    expect(counts.sentBytes - counts.resentBytes).toBe(bytesTotal);
    // The status may have been asked before the registry had kept what was cut: then one chunk is refused, and sent again.
    expect([0, CHUNK_BYTES]).toContain(counts.resentBytes);
    await expectPlaced(bench.main, image);
  });
});

describe('sizes', () => {
  const seedWrongSize = async (bench: CopyBench, difference: number): Promise<Digest> => {
    const image = makeImage({ layers: [{ size: 5_000 }] });
    await seedImage(bench.source, REPOSITORY, undefined, image);
    const document = JSON.parse(Buffer.from(image.bytes).toString());
    document.layers[0].size += difference;
    return await putRaw(bench, document, OCI_MANIFEST);
  };

  it.each([1, -1])('of a blob that are wrong by %d are a failure of the source', async (difference) => {
    await using bench = await openCopyBench();
    const digest = await seedWrongSize(bench, difference);
    expect(await failureOf(bench.copy({ image: digest }))).toMatchObject({
      code: 'size_mismatch',
      details: { side: 'source', step: 'blob read' },
    });
    expect(bench.main.registry.count('PUT', /manifests/)).toBe(0);
  });

  it('of a manifest that are wrong are too', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    const digest = await putRaw(
      bench,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...image.descriptor, size: 1 }] },
      OCI_INDEX,
    );
    expect(await failureOf(bench.read({ image: digest }))).toMatchObject({
      code: 'size_mismatch',
      details: { side: 'source', step: 'manifest read' },
    });
  });

  it('that contradict each other make the manifest invalid', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    const document = JSON.parse(Buffer.from(image.bytes).toString());
    document.layers.push({ ...document.layers[0], size: 1 });
    const digest = await putRaw(bench, document, OCI_MANIFEST);
    expect(await failureOf(bench.read({ image: digest }))).toMatchObject({
      code: 'manifest_invalid',
      details: { side: 'source' },
    });
  });
});

/** Keeps a document at the source past every check. */
async function putRaw(bench: CopyBench, document: object, mediaType: string): Promise<Digest> {
  const bytes = Buffer.from(JSON.stringify(document));
  const manifest = parseManifest(bytes, mediaType);
  await bench.source.storage.putManifest(REPOSITORY, manifest, []);
  return manifest.digest;
}

describe('a manifest', () => {
  const read = async (bench: CopyBench, fault: Parameters<CopyBench['source']['failNext']>[1]): Promise<Failure> => {
    const image = await bench.seed({ platforms: ['linux/amd64'] });
    bench.source.failNext('GET', { path: /manifests/, ...fault });
    return await failureOf(bench.read({ image }));
  };

  it.each([
    ['other bytes', { corrupt: 20 }, 'digest_mismatch'],
    [
      'more than 4 MiB',
      { status: 200, body: Buffer.alloc(4 * 1024 * 1024 + 1, 32), contentType: OCI_INDEX },
      'manifest_too_large',
    ],
    ['a web page', { status: 200, body: '<html>sign in</html>', contentType: 'text/html' }, 'remote_unexpected'],
    ['half of it', { truncate: 40 }, 'connection_lost'],
    ['401', { status: 401 }, 'remote_unauthenticated'],
    ['403', { status: 403 }, 'remote_denied'],
    ['404', { status: 404 }, 'content_missing'],
    ['429', { status: 429, retryAfter: 5 }, 'remote_rate_limited'],
    ['500', { status: 500 }, 'remote_unavailable'],
    ['503', { status: 503 }, 'remote_unavailable'],
  ] as const)('that is answered with %s is a failure of the source', async (_, fault, code) => {
    await using bench = await openCopyBench();
    expect(await read(bench, fault)).toMatchObject({ code, details: { side: 'source', step: 'manifest read' } });
  });

  it('that an index names and the source lacks is missing content', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: ['linux/amd64', 'linux/arm64'] });
    const [child] = image.manifests;
    await bench.source.storage.deleteManifest(REPOSITORY, child?.digest ?? image.digest);
    const failure = await failureOf(bench.copy({ image }));
    expect(failure).toMatchObject({ code: 'content_missing', mayRetry: false, details: { side: 'source' } });
    expect(failure.message).toContain(child?.digest);
    expect(bench.main.registry.requests).toEqual([]);
  });
});

describe('a blob', () => {
  it.each([
    ['401', { status: 401 }, 'remote_unauthenticated', 1],
    ['403', { status: 403 }, 'remote_denied', 1],
    ['404', { status: 404 }, 'content_missing', 1],
    ['500', { status: 500 }, 'remote_unavailable', 5],
    ['a web page', { status: 200, body: '<html>', contentType: 'text/html' }, 'remote_unexpected', 5],
    ['patience for an hour', { status: 429, retryAfter: 3_600 }, 'remote_rate_limited', 1],
  ] as const)('that is answered with %s is a failure of the source', async (_, fault, code, times) => {
    await using bench = await openCopyBench({ slots: 1 });
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), ...fault, times });
    expect(await failureOf(bench.copy({ image }))).toMatchObject({
      code,
      details: { side: 'source', step: 'blob read' },
    });
    expect(bench.source.count('GET', ofLayer(image))).toBe(times);
    await expectNothing(bench, image);
  });
});

describe('a hostile source', () => {
  it('cannot make us follow indexes for ever', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    let inner: { digest: Digest; size: number } = { digest: image.digest, size: image.bytes.byteLength };
    let mediaType = OCI_MANIFEST;
    for (let depth = 0; depth < 7; depth += 1) {
      const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ mediaType, ...inner }] };
      inner = { digest: await putRaw(bench, document, OCI_INDEX), size: JSON.stringify(document).length };
      mediaType = OCI_INDEX;
    }
    expect(await failureOf(bench.read({ image: inner.digest }))).toMatchObject({
      code: 'manifest_invalid',
      details: { side: 'source' },
    });
  });

  it('cannot make us look into the same index again and again', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    let children = Array.from({ length: 40 }, () => ({ ...image.descriptor }));
    let digest = image.digest;
    // 40⁵ paths lead to one image.
    for (let depth = 0; depth < 5; depth += 1) {
      const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children };
      digest = await putRaw(bench, document, OCI_INDEX);
      const size = JSON.stringify(document).length;
      children = Array.from({ length: 40 }, () => ({ mediaType: OCI_INDEX, digest, size }));
    }
    expect((await bench.read({ image: digest })).manifests).toHaveLength(6);
    expect(bench.source.count('GET', /manifests/)).toBe(6);
  });
});

describe('an abort', () => {
  it('in the middle of a landing leaves no connection, landing or crossing', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ layers: [{ size: SIZE }] });
    bench.source.failNext('GET', { path: ofLayer(image), stall: true, afterBytes: 100_000 });
    const stop = new AbortController();
    const { done, counts } = bench.start({ image, signal: stop.signal });
    const failed = done.catch((error: unknown) => error);
    await eventually(() => counts.sentBytes > 0);
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await failed).toBe(reason);
    expect(bench.main.target.crossing.size).toBe(0);
    await eventually(async () => (await bench.depot.usage()).landings === 0);
    // Every exchange has ended, or its connection is gone with it: another copy has the places to itself.
    await bench.copy({ image });
    await expectPlaced(bench.main, image);
    expect(bench.source.requests.some(({ headers }) => /^bytes=\d+-$/.test(String(headers.range)))).toBe(true);
  });
});
