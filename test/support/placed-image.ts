import { createHash } from 'node:crypto';
import { askRegistry, type RegistryPlace } from './registry-place.ts';
import type { TestImage } from './test-image.ts';

/** Reads an image back from a registry, by plain requests and with hashes of its own; throws where a byte is not what it was. */
export async function expectWhole(
  place: RegistryPlace,
  repository: string,
  reference: string,
  image: TestImage,
): Promise<void> {
  const url = typeof place === 'string' ? place : place.url;
  const get = async (path: string): Promise<Buffer> => {
    const response = await askRegistry(place, `/v2/${repository}/${path}`, {
      headers: { accept: image.manifests.map((manifest) => manifest.mediaType).join(', ') },
    });
    if (!response.ok) throw new Error(`GET ${path} at ${url} was answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const check = (bytes: Buffer, digest: string, what: string): void => {
    const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (actual !== digest) throw new Error(`${what} at ${url} is ${actual} instead of ${digest}`);
  };
  check(await get(`manifests/${reference}`), image.digest, `${repository}:${reference}`);
  for (const manifest of image.manifests)
    check(await get(`manifests/${manifest.digest}`), manifest.digest, 'a manifest');
  for (const blob of image.blobs) check(await get(`blobs/${blob.digest}`), blob.digest, 'a blob');
}
