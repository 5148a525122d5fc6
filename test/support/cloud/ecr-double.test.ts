import { describe, expect, it } from 'vitest';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { seedImage } from '../seed-image.ts';
import { makeBytes, makeImage } from '../test-image.ts';
import { ecrAuthorization } from './ecr-authorization.ts';
import { openEcrDouble } from './ecr-double.ts';

async function call(apiUrl: string, operation: string, input: unknown): Promise<Response> {
  return fetch(apiUrl, {
    method: 'POST',
    headers: { 'x-amz-target': `AmazonEC2ContainerRegistry_V20150921.${operation}` },
    body: JSON.stringify(input),
  });
}

const PART = 5 * 1024 * 1024;

describe('the double of ECR', () => {
  it('asks for Basic in its own words, and forgets passwords when they end', async () => {
    await using ecr = await openEcrDouble();
    const refused = await fetch(`${ecr.registry.url}/v2/`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm="http.+\/",service="ecr.amazonaws.com"$/);
    expect(await refused.text()).toBe('Not Authorized\n');
    const headers = await ecrAuthorization(ecr.apiUrl);
    expect((await fetch(`${ecr.registry.url}/v2/`, { headers })).status).toBe(200);
    ecr.expireTokens();
    expect((await fetch(`${ecr.registry.url}/v2/`, { headers })).status).toBe(401);
  });

  it('knows no repository before it was created, and lets a puller only read', async () => {
    await using ecr = await openEcrDouble();
    const headers = await ecrAuthorization(ecr.apiUrl);
    const start = () => fetch(`${ecr.registry.url}/v2/app/blobs/uploads/`, { method: 'POST', headers });
    const unknown = await start();
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining('NAME_UNKNOWN')]);
    expect((await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' })).status).toBe(200);
    expect(await (await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' })).text()).toContain(
      'RepositoryAlreadyExistsException',
    );
    expect((await start()).status).toBe(202);
    const puller = await ecrAuthorization(ecr.apiUrl, 'AKIDPULLER');
    const denied = await fetch(`${ecr.registry.url}/v2/app/blobs/uploads/`, { method: 'POST', headers: puller });
    expect(denied.status).toBe(403);
  });

  it('takes parts as ECR does: 201, a Range that stays, 416 with the offset in words, no small parts', async () => {
    await using ecr = await openEcrDouble();
    const headers = await ecrAuthorization(ecr.apiUrl);
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' });
    const open = async () => {
      const started = await fetch(`${ecr.registry.url}/v2/app/blobs/uploads/`, { method: 'POST', headers });
      return new URL(started.headers.get('location') ?? '', ecr.registry.url).href;
    };
    const patch = (location: string, start: number, sizeBytes: number) =>
      fetch(location, {
        method: 'PATCH',
        headers: { ...headers, 'content-range': `${start}-${start + sizeBytes - 1}` },
        body: makeBytes(sizeBytes, start),
      });
    const location = await open();
    const first = await patch(location, 0, PART);
    expect([first.status, first.headers.get('range')]).toEqual([201, `0-${PART - 1}`]);
    const second = await patch(location, PART, PART);
    expect([second.status, second.headers.get('range')]).toEqual([201, `0-${PART - 1}`]);
    const wrong = await patch(location, 0, PART);
    expect([wrong.status, await wrong.text()]).toEqual([
      416,
      expect.stringContaining(`First byte of the layer part is 0 instead of ${2 * PART}`),
    ]);
    const small = await open();
    await patch(small, 0, 1_000);
    expect((await patch(small, 1_000, 1_000)).status).toBe(400);
  });

  it('refuses haste at both of its doors, and counts what it was asked', async () => {
    await using ecr = await openEcrDouble({ limits: { BatchGetImage: 2, CreateRepository: 1 } });
    const headers = await ecrAuthorization(ecr.apiUrl);
    const statuses = await Promise.all(
      [1, 2, 3].map(async () => (await fetch(`${ecr.registry.url}/v2/app/manifests/v1`, { headers })).status),
    );
    expect(statuses.sort()).toEqual([404, 404, 429]);
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'a' });
    expect(await (await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'b' })).text()).toContain('Throttling');
    expect([...ecr.limits.throttled]).toEqual([
      ['BatchGetImage', 1],
      ['CreateRepository', 1],
    ]);
  });

  it('answers for layers a hundred at a time', async () => {
    await using ecr = await openEcrDouble();
    const layerDigests = [makeImage().digest];
    const ask = (digests: string[]) =>
      call(ecr.apiUrl, 'BatchCheckLayerAvailability', { repositoryName: 'app', layerDigests: digests });
    expect(await (await ask(layerDigests)).text()).toContain('RepositoryNotFoundException');
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' });
    expect(await (await ask(layerDigests)).text()).toContain('UNAVAILABLE');
    expect((await ask(Array.from({ length: 101 }, () => layerDigests[0] ?? ''))).status).toBe(400);
  });

  it('shows a layer only a while after its upload, to its validator too', async () => {
    await using ecr = await openEcrDouble({ visibleAfterMs: 60_000 });
    const headers = await ecrAuthorization(ecr.apiUrl);
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' });
    const image = makeImage();
    for (const { digest, bytes } of image.blobs) {
      const started = await fetch(`${ecr.registry.url}/v2/app/blobs/uploads/`, { method: 'POST', headers });
      const location = new URL(started.headers.get('location') ?? '', ecr.registry.url);
      location.searchParams.set('digest', digest);
      expect((await fetch(location, { method: 'PUT', headers, body: Buffer.from(bytes) })).status).toBe(201);
    }
    const layerDigests = image.blobs.map(({ digest }) => digest);
    const seen = await call(ecr.apiUrl, 'BatchCheckLayerAvailability', { repositoryName: 'app', layerDigests });
    expect(await seen.text()).not.toContain('"AVAILABLE"');
    const put = await fetch(`${ecr.registry.url}/v2/app/manifests/v1`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': image.mediaType },
      body: Buffer.from(image.bytes),
    });
    expect([put.status, await put.text()]).toEqual([404, expect.stringContaining('BLOB_UNKNOWN')]);
  });

  it('gives manifests a hundred at a time, those of archived images not, until they are pushed again', async () => {
    await using ecr = await openEcrDouble();
    const headers = await ecrAuthorization(ecr.apiUrl);
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' });
    const image = makeImage();
    const repository = parseRepositoryName('app');
    await seedImage(ecr.registry, 'app', 'v1', image);
    const ask = async () =>
      (await (
        await call(ecr.apiUrl, 'BatchGetImage', { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] })
      ).json()) as { images: { imageManifest: string }[]; failures: unknown[] };
    expect((await ask()).images[0]?.imageManifest).toBe(Buffer.from(image.bytes).toString());
    await ecr.archive(repository, image.digest);
    expect(await ask()).toMatchObject({ images: [], failures: [{ failureCode: 'ImageNotFound' }] });
    const url = `${ecr.registry.url}/v2/app/manifests/${image.digest}`;
    expect((await fetch(url, { headers })).status).toBe(404);
    const put = {
      method: 'PUT',
      headers: { ...headers, 'content-type': image.mediaType },
      body: Buffer.from(image.bytes),
    };
    expect((await fetch(url, put)).status).toBe(201);
    expect((await fetch(url, { headers })).status).toBe(200);
  });

  it('removes an image with its tags as a lifecycle policy does, and the layers that no other image needs', async () => {
    await using ecr = await openEcrDouble();
    const headers = await ecrAuthorization(ecr.apiUrl);
    await call(ecr.apiUrl, 'CreateRepository', { repositoryName: 'app' });
    const shared = { size: 1_000, seed: 'shared' };
    const [old, kept] = [
      makeImage({ seed: 'old', layers: [shared, { size: 2_000, seed: 'old' }] }),
      makeImage({ layers: [shared] }),
    ];
    await seedImage(ecr.registry, 'app', 'old', old);
    await seedImage(ecr.registry, 'app', 'kept', kept);
    await ecr.expire(parseRepositoryName('app'), old.digest);
    const status = async (path: string) =>
      (await fetch(`${ecr.registry.url}/v2/app/${path}`, { headers, redirect: 'manual' })).status;
    expect([await status('manifests/old'), await status(`manifests/${old.digest}`)]).toEqual([404, 404]);
    expect(await status('manifests/kept')).toBe(200);
    const remaining = new Set(kept.blobs.map(({ digest }) => digest));
    for (const { digest } of old.blobs) expect(await status(`blobs/${digest}`)).toBe(remaining.has(digest) ? 307 : 404);
  });
});
