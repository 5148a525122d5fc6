import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { type ImageIndex, parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_INDEX } from '../../../src/oci/media-types.ts';
import { referrersTag } from '../../../src/oci/referrers-tag.ts';
import { failureOf } from '../../net/failure-of.ts';
import { seedImage } from '../../support/seed-image.ts';
import { makeBytes, makeImage, type TestImage, type TestImageOptions } from '../../support/test-image.ts';
import { type CopyBench, openCopyBench, REPOSITORY, TAG } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';
import { readBack } from './support/read-back.ts';

const AMD = 'linux/amd64';
const ARM = 'linux/arm64';
const ARM7 = 'linux/arm/v7';

describe('an image', () => {
  it.each<[string, TestImageOptions]>([
    ['in OCI form', {}],
    ['of Docker schema 2', { dockerSchema2: true }],
    ['of several platforms', { platforms: [AMD, ARM], layers: [{ shared: true, seed: 'base' }, {}] }],
    ['of several platforms in Docker form', { platforms: [AMD, ARM], dockerSchema2: true }],
    ['in an index in an index', { platforms: [AMD, ARM], nested: true }],
    ['that is an artifact', { artifact: 'application/vnd.example' }],
    ['with an empty layer', { emptyLayer: true }],
    ['with sha512 digests', { algorithm: 'sha512', platforms: [AMD, ARM] }],
    ['with the same layer twice', { layers: [{ seed: 'x' }, { seed: 'x' }] }],
    ['with attestations', { platforms: [AMD, ARM], attestations: true }],
    ['with a foreign layer', { foreignLayer: true }],
    ['with a foreign layer in Docker form', { foreignLayer: true, dockerSchema2: true }],
  ])('%s arrives byte for byte', async (_, options) => {
    await using bench = await openCopyBench();
    const image = await bench.seed(options);
    const { tree, moved } = await bench.copy({ image });
    expect(tree.rewritten).toEqual([]);
    expect(tree.blobs.map(({ digest }) => digest).sort()).toEqual(image.blobs.map(({ digest }) => digest).sort());
    expect(moved).toBe(image.blobs.length + image.manifests.length);
    await expectPlaced(bench.main, image);
    expect(await bench.copy({ image })).toMatchObject({ moved: 0, sentBytes: 0 });
  });
});

async function readRoot(bench: CopyBench): Promise<{ digest: string; index: ImageIndex }> {
  const found = await readBack(bench.main.registry.url, REPOSITORY, TAG);
  const bytes = found?.manifests.get(found.root) ?? Buffer.of();
  return { digest: found?.root ?? '', index: parseManifest(bytes, OCI_INDEX) as ImageIndex };
}

describe('platforms', () => {
  it.each([false, true])('one: that child is the release (nested: %s)', async (nested) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM], attestations: true, nested });
    // Each platform is followed by what is attested of it.
    const child = image.manifests[2];
    const { tree } = await bench.copy({ image, platforms: [ARM] });
    expect(tree).toMatchObject({
      sourceDigest: image.digest,
      root: { digest: child?.digest },
      rewritten: ['platforms'],
    });
    expect(tree.manifests).toHaveLength(1);
    expect((await readBack(bench.main.registry.url, REPOSITORY, TAG))?.root).toBe(child?.digest);
  });

  it('several: the index is rewritten, in order, and always to the same bytes', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM, ARM7], annotations: { kept: 'yes' } });
    const { tree } = await bench.copy({ image, platforms: [ARM7, AMD] });
    const { index, digest } = await readRoot(bench);
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ]);
    expect(index.annotations).toEqual({ kept: 'yes' });
    expect(tree).toMatchObject({ root: { digest }, rewritten: ['platforms'] });
    expect((await bench.read({ image, platforms: [AMD, ARM7] })).root.digest).toBe(digest);
  });

  it('all there are: nothing is rewritten', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM] });
    expect(await bench.read({ image, platforms: [ARM, AMD] })).toMatchObject({
      root: { digest: image.digest },
      rewritten: [],
    });
  });

  it.each([false, true])('one that is missing is named with those that are there (nested: %s)', async (nested) => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM], nested });
    const failure = await failureOf(bench.read({ image, platforms: [AMD, 'windows/amd64'] }));
    expect(failure).toMatchObject({ code: 'platform_missing', details: { side: 'source' } });
    expect(failure.message).toBe('the image has no windows/amd64; it has linux/amd64, linux/arm64');
  });

  it.each([false, true])(
    'of an image without an index are those of its config (Docker form: %s)',
    async (dockerSchema2) => {
      await using bench = await openCopyBench();
      const image = await bench.seed({ dockerSchema2 });
      expect((await bench.read({ image, platforms: [AMD] })).root.digest).toBe(image.digest);
      const failure = await failureOf(bench.read({ image, platforms: [ARM] }));
      expect(failure).toMatchObject({ code: 'platform_missing', details: { side: 'source' } });
      expect(failure.message).toBe('the image has no linux/arm64; it has linux/amd64');
    },
  );

  it('of an artifact are nobody’s business', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ artifact: 'application/vnd.example' });
    expect((await bench.read({ image, platforms: [ARM] })).root.digest).toBe(image.digest);
  });

  it('in indexes of their own are found, and the other index is left out', async () => {
    await using bench = await openCopyBench();
    const parts = [makeImage({ platforms: [AMD] }), makeImage({ platforms: [ARM, ARM7] })];
    const image = await seedIndex(bench, parts);
    const { tree } = await bench.copy({ image: image.digest, platforms: [ARM, ARM7] });
    expect(tree.manifests.map(({ manifest }) => manifest.digest)).not.toContain(parts[0]?.digest);
    expect((await readRoot(bench)).index.manifests.map(({ digest }) => digest)).toEqual([parts[1]?.digest]);
  });

  it('that share a manifest keep an entry each', async () => {
    await using bench = await openCopyBench();
    const child = makeImage();
    const image = await seedIndex(bench, [child, child, makeImage({ seed: 'other' })], [AMD, ARM, ARM7]);
    await bench.copy({ image: image.digest, platforms: [AMD, ARM] });
    expect((await readRoot(bench)).index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
    ]);
  });

  it('drop attestations where they are refused, and say so', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM], attestations: true });
    const { tree } = await bench.copy({ image, attestations: 'drop' });
    expect(tree.rewritten).toEqual(['attestations-dropped']);
    expect((await readRoot(bench)).index.manifests).toHaveLength(2);
    const both = await bench.seed({ platforms: [AMD, ARM, ARM7], attestations: true });
    expect((await bench.read({ image: both, attestations: 'drop', platforms: [AMD, ARM] })).rewritten).toEqual([
      'attestations-dropped',
      'platforms',
    ]);
  });

  it('carry what is attested of them', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed({ platforms: [AMD, ARM, ARM7], attestations: true });
    await bench.copy({ image, platforms: [AMD, ARM] });
    expect((await readRoot(bench)).index.manifests).toHaveLength(4);
  });
});

async function seedIndex(bench: CopyBench, parts: readonly TestImage[], platforms: readonly string[] = []) {
  const manifests = parts.map(({ descriptor }, place) => {
    const [os, architecture, variant] = platforms[place]?.split('/') ?? [];
    return os === undefined
      ? descriptor
      : { ...descriptor, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
  });
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  for (const part of parts) await seedImage(bench.source, REPOSITORY, undefined, part);
  const index = parseManifest(bytes, OCI_INDEX);
  await bench.source.storage.putManifest(REPOSITORY, index, [TAG]);
  return index;
}

describe('referrers', () => {
  const seedSigned = async (bench: CopyBench) => {
    const image = await bench.seed();
    const sbom = makeImage({
      artifact: 'application/vnd.sbom',
      subject: image.descriptor,
      seed: 'sbom',
      annotations: { of: 'it' },
    });
    const signature = makeImage({
      artifact: 'application/vnd.signature',
      subject: sbom.descriptor,
      layers: [{ seed: 's' }],
    });
    for (const referrer of [sbom, signature]) await seedImage(bench.source, REPOSITORY, undefined, referrer);
    return { image, referrers: [sbom, signature] };
  };

  it.each([
    [true, true],
    [false, true],
    [true, false],
    [false, false],
  ])('are carried with what refers to them (API at the source: %s, at the target: %s)', async (atSource, atTarget) => {
    await using bench = await openCopyBench({ source: { referrers: atSource }, target: { referrers: atTarget } });
    const { image, referrers } = await seedSigned(bench);
    if (!atSource) for (const referrer of referrers) await listByTag(bench, referrer);
    await bench.copy({ image, referrers: true });
    await expectPlaced(bench.main, image);
    for (const referrer of referrers) {
      const subject = referrer.root.subject?.digest ?? image.digest;
      const listed = await bench.main.target.client.listReferrers(REPOSITORY, subject);
      expect(listed).toMatchObject({
        by: atTarget ? 'api' : 'tag',
        referrers: [{ digest: referrer.digest, artifactType: referrer.root.artifactType }],
      });
      await expectPlaced(bench.main, referrer, REPOSITORY, referrer.digest);
    }
  });

  it('are left alone when they were not asked for', async () => {
    await using bench = await openCopyBench();
    const { image } = await seedSigned(bench);
    expect((await bench.copy({ image })).tree.manifests).toHaveLength(1);
  });

  it('are listed by the next attempt where the first ended before it', async () => {
    await using bench = await openCopyBench({ target: { referrers: false } });
    const { image, referrers } = await seedSigned(bench);
    bench.main.registry.failNext('PUT', { path: /manifests\/sha256-/, status: 500 });
    expect(await failureOf(bench.copy({ image, referrers: true }))).toMatchObject({ code: 'remote_unavailable' });
    await bench.copy({ image, referrers: true });
    const listed = await bench.main.target.client.listReferrers(REPOSITORY, image.digest);
    expect(listed.referrers.map(({ digest }) => digest)).toEqual([referrers[0]?.digest]);
  });

  it('that a list names but nobody has do not stop the image', async () => {
    await using bench = await openCopyBench({ source: { referrers: false } });
    const { image, referrers } = await seedSigned(bench);
    for (const referrer of referrers) await listByTag(bench, referrer);
    await bench.source.storage.deleteManifest(REPOSITORY, referrers[0]?.digest ?? image.digest);
    expect((await bench.copy({ image, referrers: true })).tree.manifests).toHaveLength(1);
  });

  it('that are indexes come with their children', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    const referrer = makeImage({ platforms: [AMD, ARM], subject: image.descriptor, seed: 'index' });
    await seedImage(bench.source, REPOSITORY, undefined, referrer);
    await bench.copy({ image, referrers: true });
    await expectPlaced(bench.main, referrer, REPOSITORY, referrer.digest);
  });

  it('that cosign keeps under tags are carried under these', async () => {
    await using bench = await openCopyBench();
    const image = await bench.seed();
    const signature = makeImage({ layers: [{ bytes: makeBytes(300, 'signature') }], seed: 'cosign' });
    const tag = `${referrersTag(image.digest)}.sig`;
    await seedImage(bench.source, REPOSITORY, tag, signature);
    await bench.copy({ image, referrers: true });
    await expectPlaced(bench.main, signature, REPOSITORY, tag);
  });

  async function listByTag(bench: CopyBench, referrer: TestImage): Promise<void> {
    const subject = referrer.root.subject?.digest ?? digestOf(Buffer.of());
    await bench.sourceClient.addFallbackReferrer(REPOSITORY, subject, {
      ...referrer.descriptor,
      artifactType: referrer.root.artifactType ?? '',
    });
  }
});
