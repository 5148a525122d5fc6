import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService, type TestService, type TestServiceOptions } from '../../support/service.ts';
import { legOf } from '../../support/service-api.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

const images = [1, 2, 3].map((seed) => makeImage({ seed, layers: [{ size: 30_000 }] }));
const [first = makeImage(), second = makeImage()] = images;
/** Long enough for every retry to be due. */
const AFTER_ANY_WAIT_MS = 6 * 60_000;

let clock: TestClock;
let source: TestRegistry;
let aliyun: TestRegistry;
let singapore: TestRegistry;
let service: TestService;

const open = (more: TestServiceOptions['more'] = {}, folder?: string) =>
  openTestService({
    source,
    clock,
    registries: { aliyun, singapore },
    choose: 'singapore',
    more,
    ...(folder === undefined ? {} : { folder }),
  });
const push = (image: string, more: object = {}) => service.api.push({ image, source: `harbor.bj/${image}`, ...more });

beforeEach(async () => {
  clock = new TestClock();
  [source, aliyun, singapore] = [await openTestRegistry(), await openTestRegistry(), await openTestRegistry()];
  for (const [index, image] of images.entries()) await seedImage(source, 'team/app', `${index + 1}`, image);
  service = await open();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([source, aliyun, singapore].map((registry) => registry.close()));
});

describe('a tag that is pushed anew', () => {
  it('means the newest accepted push everywhere, and an older one that comes late does not take it back', async () => {
    singapore.failNext('*', { status: 503, path: /\/blobs\//, times: 5 });
    const older = await push('team/app:live', { source: 'harbor.bj/team/app:1' });
    await service.api.untilLeg(older.id, 'singapore', (leg) => leg.state === 'waiting');
    const newer = await push('team/app:live', { source: 'harbor.bj/team/app:2' });
    await service.api.untilFinal(newer.id);
    clock.advance(AFTER_ANY_WAIT_MS);
    await service.api.untilFinal(older.id);
    for (const registry of [aliyun, singapore]) {
      await expectWhole(registry.url, 'team/app', 'live', second);
      await expectWhole(registry.url, 'team/app', first.digest, first);
    }
    expect((await service.api.resolve('team/app:live', 'us-east-prod')).body).toMatchObject({
      digest: second.digest,
      state: 'chosen',
    });
    expect((await service.api.send('GET', '/v1/images/team%2Fapp/tags/live')).body).toMatchObject({
      digest: second.digest,
    });
  });

  it('is decided by the order of acceptance when both are asked for at once', async () => {
    const both = await Promise.all([
      push('team/app:live', { source: 'harbor.bj/team/app:1' }),
      push('team/app:live', { source: 'harbor.bj/team/app:2' }),
    ]);
    for (const each of both) await service.api.untilFinal(each.id);
    const newest = both[0].id > both[1].id ? both[0] : both[1];
    expect((await service.api.resolve('team/app:live', 'cn-prod')).body).toMatchObject({ digest: newest.digest });
    await expectWhole(aliyun.url, 'team/app', 'live', newest.digest === first.digest ? first : second);
    await expectWhole(singapore.url, 'team/app', 'live', newest.digest === first.digest ? first : second);
  });
});

describe('a leg that fails', () => {
  it('waits, is tried again and placed, and has shown which side and step failed', async () => {
    singapore.failNext('PUT', { status: 503, path: /manifests/ });
    const { id } = await push('team/app:1');
    const waiting = await service.api.untilLeg(id, 'singapore', (leg) => leg.state === 'waiting');
    expect(waiting).toMatchObject({
      attempts: 1,
      error: { code: 'remote_unavailable', side: 'target', step: 'manifest upload' },
    });
    expect(Date.parse(waiting.nextAttemptAt ?? '')).toBeGreaterThan(clock.nowMs() - 5_000);
    clock.advance(AFTER_ANY_WAIT_MS);
    const leg = legOf(await service.api.untilFinal(id), 'singapore');
    expect(leg).toMatchObject({ attempts: 2, error: null, nextAttemptAt: null });
    expect(leg.bytesSent - leg.bytesResent + leg.bytesSavedPresent + leg.bytesSavedMounted).toBe(leg.bytesTotal);
  });

  it('fails alone and at once where no retry can help', async () => {
    singapore.failNext('PUT', {
      status: 400,
      body: '{"errors":[{"code":"MANIFEST_INVALID","message":"no"}]}',
      contentType: 'application/json',
      path: /manifests/,
    });
    const { id } = await push('team/app:1');
    const ended = await service.api.untilFinal(id, 'partial');
    expect(legOf(ended, 'aliyun').state).toBe('placed');
    expect(legOf(ended, 'singapore')).toMatchObject({
      state: 'failed',
      error: { side: 'target', step: 'manifest upload' },
    });
    const again = await service.api.send('POST', `/v1/pushes/${id}/retry`);
    expect(again.status).toBe(200);
    expect(legOf(await service.api.untilFinal(id), 'singapore').attempts).toBe(2);
    expect(await service.api.send('POST', `/v1/pushes/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'already_finished' },
    });
  });

  it('gives up at the deadline, saying what it last ran into', async () => {
    await singapore.stop();
    const { id } = await push('team/app:1', { deadline: '20m' });
    await service.api.untilLeg(id, 'aliyun', (leg) => leg.state === 'placed');
    for (let round = 0; round < 8; round += 1) {
      await service.api.untilLeg(id, 'singapore', (leg) => ['waiting', 'failed'].includes(leg.state));
      clock.advance(AFTER_ANY_WAIT_MS);
    }
    const leg = legOf(await service.api.untilFinal(id, 'partial'), 'singapore');
    expect(leg.error).toMatchObject({ code: 'deadline_exceeded' });
    await singapore.start();
  });

  it('is stopped at the deadline while it runs', async () => {
    singapore.failNext('POST', { stall: true, path: /uploads/ });
    const { id } = await push('team/app:1', { deadline: '20m' });
    await service.api.untilLeg(id, 'aliyun', (leg) => leg.state === 'placed');
    await eventually(() => singapore.count('POST') > 0);
    clock.advance(20 * 60_000);
    expect(legOf(await service.api.untilFinal(id, 'partial'), 'singapore').error?.code).toBe('deadline_exceeded');
  });

  it('of a dead registry delays nobody else, and comes back by itself', async () => {
    await singapore.stop();
    const { id } = await push('team/app:1');
    await service.api.untilLeg(id, 'aliyun', (leg) => leg.state === 'placed');
    expect((await service.api.resolve('team/app:1', 'cn-prod')).body).toMatchObject({
      state: 'home',
      digest: first.digest,
    });
    expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
      state: 'fallback',
      registry: 'aliyun',
      push: id,
    });
    await service.api.untilLeg(id, 'singapore', (leg) => leg.state === 'waiting');
    await singapore.start();
    clock.advance(AFTER_ANY_WAIT_MS);
    await service.api.untilFinal(id);
    expect((await service.api.resolve('team/app:1', 'us-east-prod')).body).toMatchObject({
      state: 'chosen',
      registry: 'singapore',
      reason: null,
    });
  });
});

describe('a push that is cancelled', () => {
  it('stops what runs and what waits, and what is placed stays placed', async () => {
    singapore.failNext('POST', { stall: true, path: /uploads/ });
    const running = await push('team/app:1');
    await service.api.untilLeg(running.id, 'aliyun', (leg) => leg.state === 'placed');
    await eventually(() => singapore.count('POST') > 0);
    const answer = await service.api.send('POST', `/v1/pushes/${running.id}/cancel`);
    expect(answer).toMatchObject({ status: 200, body: { state: 'partial' } });
    const ended = await service.api.getPush(running.id);
    expect(ended.transfers.map((leg) => leg.state)).toEqual(['placed', 'cancelled']);
    expect((await service.api.resolve('team/app:1', 'cn-prod')).status).toBe(200);
    expect(await service.api.send('POST', `/v1/pushes/${running.id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'already_finished' },
    });

    await singapore.stop();
    const waiting = await push('team/app:2', { targets: ['singapore'] });
    await service.api.untilLeg(waiting.id, 'singapore', (leg) => leg.state === 'waiting');
    expect((await service.api.send('POST', `/v1/pushes/${waiting.id}/cancel`)).body).toMatchObject({
      state: 'cancelled',
    });
    await singapore.start();
    clock.advance(AFTER_ANY_WAIT_MS);
    const third = await push('team/app:3', { targets: ['singapore'] });
    await service.api.untilFinal(third.id);
    expect(await service.api.getPush(waiting.id)).toMatchObject({ state: 'cancelled' });
    await service.api.send('POST', `/v1/pushes/${waiting.id}/retry`);
    await service.api.untilFinal(waiting.id);
    await expectWhole(singapore.url, 'team/app', '2', second);
  });

  it('never begins when it is cancelled while it is being taken up', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await push('team/app:1', { targets: ['singapore'], image: `team/app:round-${round}` });
      const cancelled = await service.api.send('POST', `/v1/pushes/${id}/cancel`);
      const { state } = await service.api.getPush(id);
      // It may have been faster; but what was answered as cancelled stays so.
      expect(cancelled.status === 200 ? ['cancelled', 'placed'] : ['placed']).toContain(state);
      const puts = singapore.count('PUT', new RegExp(`manifests/round-${round}$`));
      if (state === 'cancelled') expect(puts).toBe(0);
    }
  });

  it('leaves another push that waits for the same blob alone', async () => {
    source.failNext('GET', { stall: true, path: /blobs/ });
    const one = await push('team/app:1', { targets: ['singapore'] });
    await eventually(() => source.count('GET', /blobs/) > 0);
    const other = await push('team/app:copy', { source: 'harbor.bj/team/app:1', targets: ['aliyun'] });
    await service.api.untilLeg(other.id, 'aliyun', (leg) => leg.state === 'running');
    await service.api.send('POST', `/v1/pushes/${one.id}/cancel`);
    await source.stop();
    await source.start();
    clock.advance(AFTER_ANY_WAIT_MS);
    await service.api.untilFinal(other.id);
  });
});

describe('what runs at once', () => {
  it('is at most so many legs a registry, the urgent ones first', async () => {
    await service[Symbol.asyncDispose]();
    service = await open({ limits: { transfersPerRegistry: 1 } });
    singapore.failNext('HEAD', { delayMs: 300, path: /blobs/ });
    const held = await push('team/app:1', { targets: ['singapore'] });
    await service.api.untilLeg(held.id, 'singapore', (leg) => leg.state === 'running');
    const normal = await push('team/app:2', { targets: ['singapore'] });
    const urgent = await push('team/app:3', { targets: ['singapore'], priority: 'urgent' });
    const home = await push('team/app:here', { source: 'harbor.bj/team/app:3', targets: ['aliyun'] });
    expect((await service.api.getPush(normal.id)).transfers[0]?.state).toBe('queued');
    await service.api.untilFinal(home.id);
    await service.api.untilFinal(normal.id);
    await service.api.untilFinal(urgent.id);
    const tags = singapore.requests
      .filter(({ method, path }) => method === 'PUT' && /manifests/.test(path))
      .map(({ path }) => path.split('/').at(-1));
    expect(tags).toEqual(['1', '3', '2']);
  });

  it('is seen as it goes, by who waits and by who listens', async () => {
    const slow = makeImage({ seed: 'slow', layers: [{ size: 200_000 }] });
    await seedImage(source, 'team/slow', '1', slow);
    await service[Symbol.asyncDispose]();
    service = await open({ limits: { chunkBytes: 20_000 } });
    singapore.failNext('PATCH', { delayMs: 80, times: 9 });
    const { id } = await push('team/slow:1', { targets: ['singapore'] });
    const response = await service.api.fetch(`/v1/pushes/${id}/events`);
    const waited = service.api.getPush(id, '20s');
    const events = (await response.text())
      .split('\n\n')
      .map((event) => /^event: (.*)\ndata: (.*)$/m.exec(event))
      .flatMap((match) => (match === null ? [] : [{ event: match[1], data: JSON.parse(match[2] ?? '') }]));
    const sent = events
      .filter(({ event }) => event === 'progress')
      .map(({ data }) => data.bytesSent)
      .filter((bytes) => bytes !== undefined);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    expect(sent.some((bytes) => bytes > 0 && bytes < 200_000)).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { state: 'placed' } });
    expect((await waited).state).toBe('placed');
  });
});

describe('a clock that jumps', () => {
  const DAY_MS = 24 * 60 * 60_000;

  it.each([
    ['back', -DAY_MS],
    ['forward', DAY_MS],
  ])('a day %s loses no push, and the newest stays the newest', async (_, jumpMs) => {
    await singapore.stop();
    const waits = await push('team/app:live', { source: 'harbor.bj/team/app:1' });
    await service.api.untilLeg(waits.id, 'singapore', (leg) => leg.state === 'waiting');
    clock.jump(jumpMs);
    const newer = await push('team/app:live', { source: 'harbor.bj/team/app:2' });
    await service.api.untilLeg(newer.id, 'aliyun', (leg) => leg.state === 'placed');
    await service.api.untilLeg(newer.id, 'singapore', (leg) => leg.state === 'waiting');
    await singapore.start();
    for (const each of [waits, newer]) {
      await eventually(
        async () => {
          clock.advance(60_000);
          return (await service.api.getPush(each.id)).state === 'placed';
        },
        { everyMs: 50 },
      );
    }
    expect((await service.api.resolve('team/app:live', 'us-east-prod')).body).toMatchObject({
      digest: second.digest,
      state: 'chosen',
    });
    await expectWhole(singapore.url, 'team/app', 'live', second);
    const deadline = Date.parse((await service.api.getPush(waits.id)).deadlineAt);
    expect(Math.abs(deadline - clock.nowMs())).toBeLessThan(7 * 60 * 60_000);
  });
});

describe('the depot', () => {
  it('that is smaller than the image makes the push wait, not fail', async () => {
    await service[Symbol.asyncDispose]();
    service = await open({ limits: { depotBytes: 20_000 } });
    const { id } = await push('team/app:1');
    const leg = await service.api.untilLeg(id, 'aliyun', ({ state }) => state === 'waiting');
    expect(leg.error).toMatchObject({ code: 'depot_full', side: 'here' });
    await service.api.send('POST', `/v1/pushes/${id}/cancel`);
  });

  it('reads nothing again that it has: the source may be gone', async () => {
    const { id } = await push('team/app:1', { targets: ['aliyun'] });
    await service.api.untilFinal(id);
    await source.stop();
    const chosen = await service.api.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'singapore' });
    expect(chosen.status).toBe(200);
    expect((await service.api.resolve('team/app:1', 'us-east-prod', '10s')).body).toMatchObject({
      state: 'chosen',
      registry: 'singapore',
    });
    await expectWhole(singapore.url, 'team/app', '1', first);
    await source.start();
  });
});

it('several images share what they have in common: it crosses once', async () => {
  const shared = { size: 50_000, seed: 'base', shared: true };
  const base = makeImage({ seed: 'a', layers: [shared] });
  const derived = makeImage({ seed: 'b', layers: [shared, { size: 1_000 }] });
  await seedImage(source, 'team/base', '1', base);
  await seedImage(source, 'team/derived', '1', derived);
  const one = await push('team/base:1', { targets: ['singapore'] });
  await service.api.untilFinal(one.id);
  const two = await push('team/derived:1', { targets: ['singapore'] });
  const leg = legOf(await service.api.untilFinal(two.id), 'singapore');
  expect(leg.bytesSavedMounted).toBe(50_000);
  expect(leg.bytesSent + leg.bytesSavedMounted).toBe(leg.bytesTotal);
  await expectWhole(singapore.url, 'team/derived', '1', derived);
});
