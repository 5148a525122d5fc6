import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { openTestRegistry } from './registry.ts';
import { pushImage } from './seed-image.ts';
import { makeBytes, makeImage } from './test-image.ts';

it('makes the same bytes of the same seed, on every machine', () => {
  expect(digestOf(makeBytes(100_000, 'seed'))).toBe(digestOf(makeBytes(100_000, 'seed')));
  expect(makeBytes(4, 'seed').equals(makeBytes(4, 'other'))).toBe(false);
  expect(makeBytes(8, 1).toString('hex')).toBe('98b01b77e7fb863b');
});

it('shares between platforms what is said to be shared', () => {
  const image = makeImage({
    platforms: ['linux/amd64', 'linux/arm64'],
    layers: [{ size: 5, shared: true }, { size: 5 }, { bytes: Buffer.from('given') }],
  });
  expect(image.manifests).toHaveLength(3);
  // Shared, given, and for each platform a layer and a config of its own.
  expect(image.blobs).toHaveLength(6);
});

it('puts children before the root', () => {
  const image = makeImage({ platforms: ['linux/amd64'], nested: true, attestations: true });
  expect(image.manifests.map(({ kind }) => kind)).toEqual(['image', 'image', 'index', 'index']);
  expect(image.manifests.at(-1)?.digest).toBe(image.digest);
});

it('makes what a registry takes', async () => {
  await using registry = await openTestRegistry();
  const subject = makeImage({ algorithm: 'sha512', emptyLayer: true, foreignLayer: true });
  await pushImage(registry.url, 'a', undefined, subject);
  await pushImage(
    registry.url,
    'a',
    'v1',
    makeImage({
      artifact: 'example/type',
      subject: subject.descriptor,
      annotations: { a: 'b' },
      config: { author: 'x' },
    }),
  );
  expect(await registry.storage.listReferrers(parseRepositoryName('a'), subject.digest)).toHaveLength(1);
});
