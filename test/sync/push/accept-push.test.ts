import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { legOf } from '../../support/service-api.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

const image = makeImage({ layers: [{ size: 20_000 }, { size: 5_000 }], platforms: ['linux/amd64', 'linux/arm64'] });
const clock = new TestClock();
let source: TestRegistry;
let aliyun: TestRegistry;
let singapore: TestRegistry;
let korea: TestRegistry;
let service: TestService;

beforeEach(async () => {
  [source, aliyun, singapore, korea] = (await Promise.all([1, 2, 3, 4].map(() => openTestRegistry()))) as [
    TestRegistry,
    TestRegistry,
    TestRegistry,
    TestRegistry,
  ];
  await seedImage(source, 'team/app', '1', image);
  service = await openTestService({
    source,
    clock,
    registries: {
      aliyun: { url: aliyun.url, entry: { prefix: 'web3d' } },
      singapore,
      korea,
      closed: { url: 'http://127.0.0.1:9', entry: { enabled: false } },
    },
    choose: 'singapore',
  });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([source, aliyun, singapore, korea].map((registry) => registry.close()));
});

describe('what is accepted', () => {
  it('goes to the home registry and the chosen relay, byte for byte, and its counters add up', async () => {
    const accepted = await service.api.push({
      image: 'team/app:1',
      source: 'harbor.bj/team/app:1',
      labels: { build: '7' },
    });
    expect(accepted).toMatchObject({
      digest: image.digest,
      unchanged: false,
      labels: { build: '7' },
      source: { kind: 'registry', reference: 'harbor.bj/team/app:1' },
    });
    expect(accepted.transfers.map((leg) => [leg.registry, leg.role])).toEqual([
      ['aliyun', 'home'],
      ['singapore', 'relay'],
    ]);
    const push = await service.api.untilFinal(accepted.id);
    for (const leg of push.transfers) {
      expect(leg).toMatchObject({
        state: 'placed',
        digest: image.digest,
        bytesResent: 0,
        bytesSavedPresent: 0,
        error: null,
        attempts: 1,
      });
      expect(leg.bytesSent).toBe(leg.bytesTotal);
      expect(leg.blobsDone).toBe(leg.blobsTotal);
    }
    expect(push.bytesTotal).toBe(push.transfers[0]?.bytesTotal);
    expect(push.bytesLanded).toBe(push.bytesTotal);
    await expectWhole(aliyun.url, 'web3d/team/app', '1', image);
    await expectWhole(singapore.url, 'team/app', '1', image);
    expect(korea.count('PUT')).toBe(0);
    for (const blob of image.blobs) expect(source.count('GET', new RegExp(blob.digest))).toBe(1);
  });

  it('goes exactly to the targets that are named, each once', async () => {
    const accepted = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app', targets: ['korea'] });
    const push = await service.api.untilFinal(accepted.id);
    expect(push.transfers.map((leg) => leg.registry)).toEqual(['korea']);
    await expectWhole(korea.url, 'team/app', '1', image);
    expect(aliyun.count('PUT') + singapore.count('PUT')).toBe(0);
  });

  it('is unchanged when it is placed already, which costs one question to the source and none to the targets', async () => {
    const first = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    await service.api.untilFinal(first.id);
    for (const registry of [source, aliyun, singapore]) registry.forgetRequests();
    const again = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    expect(again).toMatchObject({ state: 'placed', unchanged: true, digest: image.digest });
    expect(again.id).not.toBe(first.id);
    expect(again.transfers.map((leg) => leg.state)).toEqual(['placed', 'placed']);
    expect(source.requests.map(({ method }) => method)).toEqual(['HEAD']);
    expect([aliyun.requests.length, singapore.requests.length]).toEqual([0, 0]);
    const more = await service.api.push({
      image: 'team/app:1',
      source: 'harbor.bj/team/app:1',
      targets: ['singapore', 'korea'],
    });
    expect(more.unchanged).toBe(false);
    const saved = legOf(await service.api.untilFinal(more.id), 'singapore');
    expect(saved).toMatchObject({ bytesSent: 0, bytesSavedPresent: saved.bytesTotal });
  });

  it('carries one platform as that child, and tells both digests', async () => {
    const arm = image.root.kind === 'index' ? image.root.manifests[1]?.digest : undefined;
    const accepted = await service.api.push({
      image: 'team/app:1',
      source: 'harbor.bj/team/app:1',
      platforms: ['linux/arm64'],
      targets: ['singapore'],
    });
    const push = await service.api.untilFinal(accepted.id);
    expect(push).toMatchObject({ digest: image.digest, transfers: [{ digest: arm }] });
    expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
      digest: arm,
      sourceDigest: image.digest,
    });
    const none = await service.api.push({
      image: 'team/app:2',
      source: 'harbor.bj/team/app:1',
      platforms: ['windows/amd64'],
      targets: ['singapore'],
    });
    expect(legOf(await service.api.untilFinal(none.id, 'failed'), 'singapore').error).toMatchObject({
      code: 'platform_missing',
      side: 'source',
    });
  });

  it('is the first answer again for the same Idempotency-Key, and another request with it is refused', async () => {
    const request = { image: 'team/app:1', source: 'harbor.bj/team/app:1' };
    const [first, second] = await Promise.all([1, 2].map(() => service.api.push(request, { 'idempotency-key': 'k' })));
    expect(second?.id).toBe(first?.id);
    const other = await service.api.send(
      'POST',
      '/v1/pushes',
      { ...request, image: 'team/app:2' },
      { 'idempotency-key': 'k' },
    );
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    await service.api.untilFinal(first?.id ?? '');
    clock.advance(25 * 60 * 60_000);
    expect((await service.api.push(request, { 'idempotency-key': 'k' })).id).not.toBe(first?.id);
  });

  it('is taken without a digest when the source stays silent, and placed once it speaks', async () => {
    source.failNext('HEAD', { stall: true });
    const answer = service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    await eventually(() => source.count('HEAD') === 1);
    await source.stop();
    clock.advance(10_000);
    const accepted = await answer;
    expect(accepted).toMatchObject({ digest: null, state: 'running' });
    expect((await service.api.resolve('team/app:1', 'cn-prod')).body).toMatchObject({
      code: 'not_placed',
      push: accepted.id,
    });
    await service.api.untilLeg(accepted.id, 'aliyun', (leg) => leg.state === 'waiting' && leg.error?.side === 'source');
    await source.start();
    clock.advance(60_000);
    expect(await service.api.untilFinal(accepted.id)).toMatchObject({ digest: image.digest });
  });
});

describe('what is refused', () => {
  it.each([
    ['a source that is not configured', { source: 'docker.io/library/app:1' }, 422, 'source_unknown'],
    ['a tag that the source does not have', { source: 'harbor.bj/team/app:nowhere' }, 422, 'source_not_found'],
    ['a registry that is not there', { targets: ['nowhere'] }, 404, 'registry_unknown'],
    ['a registry that is switched off', { targets: ['closed'] }, 400, 'validation_failed'],
    ['an image without a tag', { image: 'team/app' }, 400, 'validation_failed'],
    ['a name that the specification forbids', { image: 'Team//app:1' }, 400, 'validation_failed'],
    ['a member that is not known', { colour: 'red' }, 400, 'validation_failed'],
  ])('%s', async (_, part, status, code) => {
    const answer = await service.api.send('POST', '/v1/pushes', {
      image: 'team/app:1',
      source: 'harbor.bj/team/app:1',
      ...part,
    });
    expect(answer).toMatchObject({ status, body: { code } });
    expect((await service.api.send('GET', '/v1/pushes')).body).toMatchObject({ items: [] });
  });

  it.each([
    [401, 'source_denied'],
    [403, 'source_denied'],
    [404, 'source_not_found'],
  ])('what the source answers with %i', async (status, code) => {
    source.failNext('HEAD', { status });
    const answer = await service.api.send('POST', '/v1/pushes', {
      image: 'team/app:1',
      source: 'harbor.bj/team/app:1',
    });
    expect(answer).toMatchObject({ status: 422, body: { code } });
  });

  it.each([429, 500, 502])('but not what the source answers with %i: that passes', async (status) => {
    source.failNext('HEAD', { status, times: 1 });
    const accepted = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    await service.api.untilFinal(accepted.id);
  });
});
