import { expect, test } from 'vitest';
import { FOLLOWER } from '../../../src/app/advice/advice-keeper.ts';
import { findFollowed } from '../../../src/bench/recommend/follow-decision.ts';
import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import { simulate } from '../../bench/recommend/simulated-weeks.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestService } from '../../support/service.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { FEW, recordIn, toRecorded } from './measured-folder.ts';

const even = (rate: number) => ({ day: { rate, fail: 0 }, peak: { rate, fail: 0 } });
const url = 'http://127.0.0.1:9';
const world = { registries: { korea: { url }, singapore: { url } }, choose: 'korea' };

async function openFollowing(measurements: readonly Measurement[]) {
  const folder = await openTempFolder('follow');
  await recordIn(folder.path, toRecorded(measurements, Date.now() - 60_000));
  const more = { recommendation: { minimum: FEW, follow: { 'team/*': 'us-east' } } };
  const service = await openTestService({ folder: folder.path, ...world, more });
  return {
    service,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

test('a pattern follows a founded recommendation by itself, keeps its evidence, and says so', async () => {
  const measurements = simulate({
    profiles: { korea: even(7), singapore: even(12) },
    days: 9,
    roundsPerDay: 8,
    seed: 1,
    noise: 0.05,
  });
  await using following = await openFollowing(measurements);
  const { api, logged } = following.service;
  const notice = await eventually(() => logged.find(({ event }) => event === 'recommendation followed'));
  expect(notice).toMatchObject({ level: 'info', subject: 'team/*', registry: 'singapore', previous: 'korea' });
  const { body } = await api.send('GET', `/v1/choices/${encodeURIComponent('team/*')}`);
  expect(body).toMatchObject({
    registry: 'singapore',
    revision: 1,
    who: FOLLOWER,
    reason: expect.stringContaining('follows the recommendation for us-east: singapore brings 150 MB in'),
    evidence: { state: 'recommended', registry: 'singapore', campaigns: ['bench_1'] },
  });
  // Other patterns have not moved.
  const { body: advice } = await api.send('GET', '/v1/recommendation');
  expect(advice).toMatchObject({ incumbent: { registry: 'korea' } });
  const { body: own } = await api.send('GET', `/v1/recommendation?pattern=${encodeURIComponent('team/*')}`);
  expect(own).toMatchObject({ incumbent: { registry: 'singapore' }, because: 'incumbent-wins' });
});

test('a pattern does not follow what is only provisional', async () => {
  const measurements = simulate({
    profiles: { korea: even(7), singapore: even(12) },
    days: 1,
    roundsPerDay: 8,
    seed: 1,
  });
  await using following = await openFollowing(measurements);
  const { body } = await following.service.api.send('GET', '/v1/recommendation');
  expect(body).toMatchObject({ state: 'provisional', registry: 'singapore' });
  const { status } = await following.service.api.send('GET', `/v1/choices/${encodeURIComponent('team/*')}`);
  expect(status).toBe(404);
});

const decision = (because: 'switch' | 'escape' | 'incumbent-wins') => ({
  registry: 'x',
  because,
  figure: null,
  chance: null,
});
test.each([
  ['provisional', { state: 'provisional', confidence: 'high', decision: decision('switch') }, null],
  [
    'what is in force',
    { state: 'recommended', confidence: 'high', decision: decision('incumbent-wins'), registry: 'c' },
    null,
  ],
  ['low confidence', { state: 'recommended', confidence: 'low', decision: decision('switch') }, null],
  ['an escape of low confidence', { state: 'recommended', confidence: 'low', decision: decision('escape') }, 'x'],
  ['medium confidence', { state: 'recommended', confidence: 'medium', decision: decision('switch') }, 'x'],
] as const)('following %s', (_, recommendation, followed) => {
  expect(findFollowed({ registry: 'x', ...recommendation }, 'c')).toBe(followed);
});
