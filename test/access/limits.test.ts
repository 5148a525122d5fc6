import { expect, test } from 'vitest';
import { CallLimits } from '../../src/access/call-limits.ts';
import type { Principal } from '../../src/access/principal.ts';
import { openTestService } from '../support/service.ts';
import { TestClock } from '../support/test-clock.ts';

const LIMITS = { requestsPerSecond: 5, resolvesPerSecond: 1_000, doorRequestsPerSecond: 5, failedLoginsPerMinute: 6 };

/** Time goes on only when the test says so: on a busy machine a turn that takes long must give nothing back. */
class StandingClock extends TestClock {
  #elapsedMs = 1_000;
  override readonly elapsedMs = () => this.#elapsedMs;

  override advance(ms: number): void {
    this.#elapsedMs += ms;
    super.advance(ms);
  }
}

async function openWorld(access: Record<string, unknown> = {}) {
  const clock = new StandingClock();
  const service = await openTestService({
    registries: { aliyun: { url: 'http://127.0.0.1:9' }, singapore: { url: 'http://127.0.0.1:9' } },
    choose: 'singapore',
    clock,
    more: { access: { limits: LIMITS, ...access } },
  });
  return { service, clock, api: service.api, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

const statusesOf = async (times: number, ask: () => Promise<{ status: number }>) => {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) statuses.push((await ask()).status);
  return statuses;
};

test('one caller that asks too much waits, the others do not; by who it is, not by where it calls from', async () => {
  await using world = await openWorld();
  const heavy = await world.api.withToken({ role: 'ops' });
  const other = await world.api.withToken({ role: 'ops' });
  const statuses = await statusesOf(30, () => heavy.send('GET', '/v1/clusters'));
  // Four seconds' worth at once.
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(10).fill(429)]);
  const refused = await heavy.send('GET', '/v1/clusters');
  expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429 });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect((await other.send('GET', '/v1/clusters')).status).toBe(200);
  expect(world.service.logged.filter(({ status }) => status === 429)).toContainEqual(
    expect.objectContaining({ event: 'request', caller: expect.stringMatching(/./) }),
  );
  world.clock.advance(Number(refused.headers.get('retry-after')) * 1_000);
  expect((await heavy.send('GET', '/v1/clusters')).status).toBe(200);
});

test('guessing tokens is slowed down, at the API and at the door alike; whoever has one that holds comes in all the same', async () => {
  await using world = await openWorld();
  const guess = (n: number) =>
    n % 2 === 0
      ? world.api.as(`guess-${n}`).send('GET', '/v1/clusters')
      : world.api.as(`guess-${n}`).fetch('/v2/team/app/tags/list');
  const statuses: number[] = [];
  for (let n = 0; n < 10; n += 1) statuses.push((await guess(n)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429, 429]);
  const slowed = await world.api.as('guess').fetch('/v2/team/app/tags/list');
  expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await slowed.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  expect((await world.api.send('GET', '/v1/clusters')).status).toBe(200);
  expect((await world.api.fetch('/v2/')).status).toBe(200);
  world.clock.advance(10_000);
  expect((await guess(11)).status).toBe(401);
});

test('an old token of the door is no guess: its bearer is told to fetch another, however often', async () => {
  await using world = await openWorld();
  const basic = `Basic ${Buffer.from(`ci:${world.api.token}`).toString('base64')}`;
  const answer = await world.api.fetch('/v2/token?scope=repository:team/app:pull', {
    headers: { authorization: basic },
  });
  const { token } = (await answer.json()) as { token: string };
  world.clock.jump(301_000);
  for (let n = 0; n < 12; n += 1) {
    const stale = await world.api.as(token).fetch('/v2/team/app/tags/list');
    expect([stale.status, stale.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
  }
});

test('resolving is counted apart: a cluster that resolves is not held up by what calls may do', async () => {
  await using world = await openWorld();
  const cluster = await world.api.withToken({ role: 'cluster', cluster: 'us-east-prod' });
  const statuses = await statusesOf(100, () => cluster.resolve('team/none:1', 'us-east-prod'));
  expect([...new Set(statuses)]).toEqual([404]);
});

test('a cluster may resolve 1,000 times a second for as long as it likes, at the lowest limit that can be set', () => {
  const clock = { nowMs: 0 };
  const limits = new CallLimits(LIMITS, { elapsedMs: () => clock.nowMs });
  const cluster: Principal = { name: 'us', role: 'cluster', images: ['*'], cluster: 'us-east-prod', via: 'token' };
  for (; clock.nowMs < 60_000; clock.nowMs += 1) expect(limits.count(cluster, 'resolve', '')).toBeUndefined();
});

test('who has no token is counted by address, as a proxy that is named tells it', async () => {
  await using world = await openWorld({ anonymous: 'read', proxies: ['127.0.0.0/8'] });
  const ask = (from: string) => async () =>
    fetch(`${world.api.url}/v1/clusters`, { headers: { 'x-forwarded-for': from } });
  expect((await statusesOf(30, ask('203.0.113.5'))).at(-1)).toBe(429);
  expect((await ask('203.0.113.6')()).status).toBe(200);
  // A host takes any address of its network: another one does not give it another turn.
  expect((await statusesOf(30, ask('2001:db8::1'))).at(-1)).toBe(429);
  expect((await ask('2001:db8::2')()).status).toBe(429);
  expect((await ask('2001:db8:0:1::1')()).status).toBe(200);
});
