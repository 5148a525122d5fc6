import { randomBytes } from 'node:crypto';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../support/eventually.ts';
import type { TestRegistry } from '../support/registry.ts';
import { askRegistry } from '../support/registry-place.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { makeImage, type TestImage } from '../support/test-image.ts';

export const CHUNK_BYTES = 64 * 1024;
export const MIB = 1024 * 1024;

/** Chunks that are small enough for a blob of a test to have many. */
export const LIMITS = { chunkBytes: `${CHUNK_BYTES}B` };

/** Bytes of blobs that have come to a registry. */
export const arrivedBytes = ({ requests }: TestRegistry) =>
  requests
    .filter(({ method, path }) => (method === 'PATCH' || method === 'PUT') && path.includes('/blobs/uploads/'))
    .reduce((sum, { bytesIn }) => sum + bytesIn, 0);

/** All but what waits for the blob's end. */
export const untilCrossed = (registries: readonly TestRegistry[], bytes: number) =>
  eventually(() => registries.every((each) => arrivedBytes(each) > bytes - 2 * CHUNK_BYTES) || undefined, {
    what: `${bytes} bytes crossing`,
  });

export const untilThere = ({ url }: Pick<TestRegistry, 'url'>, name: string, digest: string) =>
  eventually(async () => (await askRegistry(url, `/v2/${name}/blobs/${digest}`, { method: 'HEAD' })).ok, {
    what: `${digest} in ${name}`,
  });

/** Upload sessions that were given back. */
export const cancelled = (registry: TestRegistry) => registry.count('DELETE', /\/blobs\/uploads\//);

export const headStartBytes = async (api: ServiceApi, registry: string, outcome: string) => {
  const { body } = await api.send('GET', '/metrics');
  const line = `^entrepot_head_start_bytes_total\\{registry="${registry}",outcome="${outcome}"\\} (\\d+)$`;
  return Number(new RegExp(line, 'm').exec(String(body.text))?.[1] ?? 0);
};

/** What is left of an image for a client that has sent one of its blobs. */
export const without = (image: TestImage, digest: string) => ({
  ...image,
  blobs: image.blobs.filter((blob) => blob.digest !== digest),
});

/** An image of one large layer, and that layer. */
export function oneLayer() {
  const bytes = randomBytes(MIB);
  const image = makeImage({ layers: [{ bytes }] });
  return { image, bytes, digest: digestOf(bytes) };
}
