import { Readable } from 'node:stream';
import type { RegistryStorage } from '../../src/api/v2/registry-storage.ts';
import { digestAlgorithm } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import { askRegistry, type RegistryPlace } from './registry-place.ts';
import type { TestBlob, TestImage } from './test-image.ts';

/** Puts an image into a registry's storage, past its door: no request is logged, no fault or rule strikes. */
export async function seedImage(
  registry: { storage: RegistryStorage },
  repository: string,
  tag: string | undefined,
  image: TestImage,
): Promise<void> {
  const name = parseRepositoryName(repository);
  for (const blob of image.blobs) await seedBlob(registry.storage, name, blob);
  for (const manifest of image.manifests) {
    await registry.storage.putManifest(
      name,
      manifest,
      tag !== undefined && manifest.digest === image.digest ? [parseTag(tag)] : [],
    );
  }
}

async function seedBlob(storage: RegistryStorage, repository: RepositoryName, blob: TestBlob): Promise<void> {
  const id = await storage.startUpload(repository, digestAlgorithm(blob.digest));
  await storage.appendUpload(repository, id, { body: Readable.from([Buffer.from(blob.bytes)]) });
  const outcome = await storage.finishUpload(repository, id, blob.digest);
  if (outcome.kind !== 'stored') throw new Error(`seeding ${blob.digest} ended as ${outcome.kind}`);
}

/** Pushes an image over HTTP, as a client of the simplest kind. Answers the push that a service has made of it. */
export async function pushImage(
  place: RegistryPlace,
  repository: string,
  tag: string | undefined,
  image: TestImage,
): Promise<string | undefined> {
  for (const blob of image.blobs) {
    const started = await send(place, `/v2/${repository}/blobs/uploads/`, 'POST', 202);
    const location = started.headers.get('location') ?? '';
    await send(
      place,
      `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`,
      'PUT',
      201,
      blob.bytes,
      'application/octet-stream',
    );
  }
  let push: string | null = null;
  for (const { bytes, digest, mediaType } of image.manifests) {
    const reference = tag !== undefined && digest === image.digest ? tag : digest;
    const path = `/v2/${repository}/manifests/${reference}`;
    push = (await send(place, path, 'PUT', 201, bytes, mediaType)).headers.get('entrepot-push');
  }
  return push ?? undefined;
}

async function send(
  place: RegistryPlace,
  path: string,
  method: string,
  expected: number,
  body?: Uint8Array,
  contentType?: string,
): Promise<Response> {
  const response = await askRegistry(place, path, {
    method,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }),
  });
  const text = await response.text();
  if (response.status !== expected)
    throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
  return response;
}
