import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { pushImage, seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';
import { TEST_TOKEN } from '../../support/test-token.ts';

const AUTH = { kind: 'basic', username: 'reader', password: 'open sesame' } as const;
const CREDENTIALS = { credentials: { username: 'reader', password: 'env:PASSWORD' } };
const headers = { authorization: `Bearer ${TEST_TOKEN}` };

test('a cluster pulls through the service what the depot has, ranges too; else in its own order, and from another registry at the same byte when one fails', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry({ auth: AUTH });
  await using korea = await openTestRegistry({ auth: AUTH });
  const image = makeImage({ layers: [{ size: 3_000_000 }] });
  const later = makeImage({ layers: [{ size: 3_000_000, seed: 'later' }] });
  await seedImage(source, 'team/app', '1', image);
  await seedImage(source, 'team/later', '1', later);
  await using service = await openTestService({
    registries: {
      aliyun,
      singapore: { url: singapore.url, entry: CREDENTIALS },
      korea: { url: korea.url, entry: CREDENTIALS },
    },
    source,
    choose: 'singapore',
    env: { PASSWORD: AUTH.password },
    more: { limits: { depotBytes: 4_000_000 } },
  });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['aliyun', 'singapore', 'korea'],
  });
  await service.api.untilFinal(id);
  const { url } = service.api;
  await expectWhole(service.api, 'cluster.us-east-prod/team/app', '1', image);
  singapore.forgetRequests();

  const layer = image.blobs.find(({ bytes }) => bytes.byteLength === 3_000_000);
  const path = `/v2/team/app/blobs/${layer?.digest}`;
  for (const [range, expected] of [
    ['bytes=5-9', layer?.bytes.subarray(5, 10)],
    ['bytes=2999990-', layer?.bytes.subarray(2_999_990)],
    ['bytes=-7', layer?.bytes.subarray(-7)],
  ] as const) {
    const part = await fetch(`${url}${path}?ns=us-east-prod`, { headers: { ...headers, range } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(expected ?? []));
  }
  const beyond = await fetch(`${url}${path}?ns=us-east-prod`, { headers: { ...headers, range: 'bytes=3000000-' } });
  expect(beyond.status).toBe(416);
  // That it offers the blob to nobody else is known from the moment before.
  expect(singapore.count('GET', /blobs/)).toBe(0);

  const next = await service.api.push({
    image: 'team/later:1',
    source: 'harbor.bj/team/later:1',
    targets: ['aliyun'],
  });
  await service.api.untilFinal(next.id);
  // The depot had to make room.
  singapore.failNext('GET', { path: /blobs/, reset: true, afterBytes: 1_000_000 });
  korea.forgetRequests();
  const whole = await fetch(`${url}${path}`, { headers: { ...headers, 'entrepot-cluster': 'us-east-prod' } });
  expect(whole.status).toBe(200);
  expect(Buffer.from(await whole.arrayBuffer()).equals(Buffer.from(layer?.bytes ?? []))).toBe(true);
  expect(korea.count('GET', /blobs/)).toBeGreaterThan(0);

  const push = await fetch(`${url}/v2/cluster.us-east-prod/team/app/blobs/uploads/`, { method: 'POST', headers });
  expect(push.status).toBe(405);
});

test('a blob is sent where anybody may fetch it, and never where only we may', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry({ redirectBlobs: true });
  const image = makeImage();
  await seedImage(source, 'team/app', '1', image);
  await using service = await openTestService({ registries: { aliyun, singapore }, source, choose: 'singapore' });
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilFinal(id);
  const path = `/v2/cluster.us-east-prod/team/app/blobs/${image.blobs[0]?.digest}`;
  const answer = await fetch(`${service.api.url}${path}`, { headers, redirect: 'manual' });
  expect(answer.status).toBe(307);
  const fetched = await fetch(answer.headers.get('location') ?? '');
  expect(Buffer.from(await fetched.arrayBuffer()).equals(Buffer.from(image.blobs[0]?.bytes ?? []))).toBe(true);
});

test('when no registry gives it, a cluster gets from the depot what is of its image, and of no other', async () => {
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await using service = await openTestService({ registries: { aliyun, singapore }, choose: 'singapore' });
  const { api } = service;
  const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 700_000 }] });
  const other = makeImage({ layers: [{ size: 900, seed: 'other' }] });
  for (const [name, each] of [
    ['team/app', image],
    ['team/other', other],
  ] as const) {
    await pushImage(api.url, name, '1', each);
    const { body } = await api.send('GET', `/v1/images/${encodeURIComponent(name)}/tags/1`);
    await api.untilFinal((body as { push: string }).push);
  }
  await aliyun.stop();
  await singapore.stop();
  await expectWhole(api.url, 'cluster.us-east-prod/team/app', '1', image);
  const of = (name: string, digest: string) => `${api.url}/v2/cluster.us-east-prod/${name}/blobs/${digest}`;
  const [foreign] = other.blobs;
  expect((await fetch(of('team/other', foreign?.digest ?? ''), { headers })).status).toBe(200);
  expect((await fetch(of('team/app', foreign?.digest ?? ''), { headers })).status).toBe(503);
  const layer = image.blobs.find(({ bytes }) => bytes.byteLength === 700_000);
  const part = await fetch(of('team/app', layer?.digest ?? ''), { headers: { ...headers, range: 'bytes=5-9' } });
  expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(layer?.bytes.subarray(5, 10) ?? []));
});

test('a cluster finds the signatures of its image, by the referrers API and by their tags', async () => {
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await using service = await openTestService({ registries: { aliyun, singapore }, choose: 'singapore' });
  const { api } = service;
  const image = makeImage({ layers: [{ size: 900 }] });
  const signature = makeImage({ layers: [{ size: 300, seed: 'signature' }], subject: image.descriptor });
  const cosign = makeImage({ layers: [{ size: 300, seed: 'cosign' }] });
  const tag = `${image.digest.replace(':', '-')}.sig`;
  await pushImage(api.url, 'team/app', undefined, signature);
  await pushImage(api.url, 'team/app', tag, cosign);
  await pushImage(api.url, 'team/app', '1', image);
  const { body } = await api.send('GET', '/v1/images/team%2Fapp/tags/1');
  await api.untilFinal((body as { push: string }).push);
  for (const isOffline of [false, true]) {
    if (isOffline) await Promise.all([aliyun.stop(), singapore.stop()]);
    const listed = await fetch(`${api.url}/v2/cluster.us-east-prod/team/app/referrers/${image.digest}`, { headers });
    expect(listed.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
    expect(await listed.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
    await expectWhole(api.url, 'cluster.us-east-prod/team/app', signature.digest, signature);
    await expectWhole(api.url, 'cluster.us-east-prod/team/app', tag, cosign);
  }
  const none = await fetch(`${api.url}/v2/cluster.us-east-prod/team/app/referrers/${cosign.digest}`, { headers });
  expect(await none.json()).toMatchObject({ manifests: [] });
});

/**
 * What of a layer of 2 MB is pulled when the disk has begun to give three of its bytes back wrong; ends when it is pulled
 * right and the file is gone. `away` is done while the service is, if it is.
 */
async function pullRotten(away?: (folder: string) => Promise<void>) {
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry({ auth: AUTH });
  await using folder = await openTempFolder('rot');
  const start = () =>
    openTestService({
      registries: { aliyun, singapore: { url: singapore.url, entry: CREDENTIALS } },
      choose: 'singapore',
      env: { PASSWORD: AUTH.password },
      folder: folder.path,
    });
  let service = await start();
  try {
    const image = makeImage({ layers: [{ size: 2_000_000 }] });
    await pushImage(service.api.url, 'team/app', '1', image);
    const { body } = await service.api.send('GET', '/v1/images/team%2Fapp/tags/1');
    await service.api.untilFinal((body as { push: string }).push);
    const layer = image.blobs.find(({ bytes }) => bytes.byteLength === 2_000_000);
    if (away !== undefined) {
      await service[Symbol.asyncDispose]();
      await away(folder.path);
      service = await start();
    }
    const hex = layer?.digest.slice('sha256:'.length) ?? '';
    const path = join(folder.path, 'depot/blobs/sha256', hex.slice(0, 2), hex);
    const file = await open(path, 'r+');
    await file.write(Buffer.from('rot'), 0, 3, 1_000_000);
    await file.close();
    const pull = async (more: Record<string, string> = {}) => {
      const url = `${service.api.url}/v2/cluster.us-east-prod/team/app/blobs/${layer?.digest}`;
      return Buffer.from(await (await fetch(url, { headers: { ...headers, ...more } })).arrayBuffer());
    };
    const right = Buffer.from(layer?.bytes ?? []);
    const part = await pull({ range: 'bytes=1000000-1000009' });
    const first = await pull().catch(() => undefined);
    await eventually(async () => (await pull().catch(() => undefined))?.equals(right) ?? false, {
      what: 'the right bytes, from a registry',
    });
    await eventually(async () => !existsSync(path), { what: 'the wrong file is gone' });
    return { right, part, first };
  } finally {
    await service[Symbol.asyncDispose]();
  }
}

test.each([
  ['since they were pushed', undefined],
  ['while the service was away', async () => {}],
])('bytes that rotted in the depot %s come from a registry, and no client notices', async (_, away) => {
  const { right, part, first } = await pullRotten(away);
  expect(part.equals(right.subarray(1_000_000, 1_000_010))).toBe(true);
  expect(first?.equals(right)).toBe(true);
});

test('bytes that rotted in the depot are given to nobody to their end where the codes of their blocks are lost', async () => {
  const { first } = await pullRotten((folder) => rm(join(folder, 'block-codes.db')));
  expect(first).toBeUndefined();
});
