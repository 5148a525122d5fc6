import { expect, test } from 'vitest';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { makeImage } from '../../support/test-image.ts';

const AUTH = { kind: 'basic', username: 'reader', password: 'open sesame' } as const;
const CREDENTIALS = { credentials: { username: 'reader', password: 'env:PASSWORD' } };
const headers = { authorization: 'Bearer test' };

test('a cluster pulls through the service in its own order: ranges, and another registry at the same byte when one fails', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using singapore = await openTestRegistry({ auth: AUTH });
  await using korea = await openTestRegistry({ auth: AUTH });
  const image = makeImage({ layers: [{ size: 3_000_000 }] });
  await seedImage(source, 'team/app', '1', image);
  await using service = await openTestService({
    registries: {
      aliyun,
      singapore: { url: singapore.url, entry: CREDENTIALS },
      korea: { url: korea.url, entry: CREDENTIALS },
    },
    source,
    choose: 'singapore',
    env: { PASSWORD: AUTH.password },
  });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['aliyun', 'singapore', 'korea'],
  });
  await service.api.untilFinal(id);
  const { url } = service.api;
  await expectWhole(url, 'cluster.us-east-prod/team/app', '1', image);

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

  // Two questions whether it offers the blob to everybody, then the reading.
  singapore.failNext('GET', { path: /blobs/, skip: 2, reset: true, afterBytes: 1_000_000 });
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
