import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { TestClock } from '../support/test-clock.ts';
import { useDownloadWorld } from './download-world.ts';

const world = useDownloadWorld();

test('a site without an agent is said to be waited for, then passed over; uploads go on', async () => {
  const { id } = await world.run({ rounds: 2 });
  const waiting = await world.until(id, ({ waitingFor, samples }) => waitingFor === 'agent' && samples === 2);
  expect(waiting.agents).toEqual([{ site: 'us-east', agent: null, seenAt: null, clockOffsetMs: null, state: 'away' }]);
  // One wait in each round, while its uploads go on: the second download of a round waits no more.
  world.clock.advance(46_000);
  await world.until(id, ({ samples }) => samples === 6);
  world.clock.advance(46_000);
  await world.until(id, ({ state }) => state === 'finished');
  const samples = await world.samplesOf(id);
  expect(samples.filter(({ leg, ok }) => leg === 'upload' && ok)).toHaveLength(4);
  expect(samples.filter(({ error }) => error?.code === 'agent_away')).toHaveLength(4);
  // The rule hears of the uploads alone: that an agent is away says nothing of a path.
  const { body } = await world.service.api.send('GET', `/v1/benchmarks/${id}/report?site=us-east`);
  expect(new Set((body.series as { leg: string }[]).map(({ leg }) => leg))).toEqual(new Set(['upload']));
});

test('a wrong clock at the agent is measured and corrected, also when it is set meanwhile', async () => {
  const wrong = new TestClock();
  wrong.jump(-3 * 3_600_000);
  await using _sampler = await world.openSampler(wrong);
  const from = world.clock.nowMs();
  const { id } = await world.run({ registries: ['singapore'], rounds: 2 });
  await world.until(id, ({ samples }) => Number(samples) >= 1);
  wrong.jump(24 * 3_600_000);
  const { agents } = await world.until(id, ({ state }) => state === 'finished');
  const down = (await world.samplesOf(id)).filter(({ leg }) => leg === 'download');
  expect(down.map(({ ok }) => ok)).toEqual([true, true]);
  for (const { at } of down) {
    expect(Date.parse(at)).toBeGreaterThanOrEqual(from - 50);
    expect(Date.parse(at)).toBeLessThanOrEqual(world.clock.nowMs());
  }
  const offset = (agents as { clockOffsetMs: number }[])[0]?.clockOffsetMs ?? 0;
  expect(Math.min(Math.abs(offset - 3 * 3_600_000), Math.abs(offset + 21 * 3_600_000))).toBeLessThan(1_000);
});

test('a registry that refuses the repository of payloads is a failure with its reason', async () => {
  world.korea.failNext('POST', { status: 403 });
  await using _sampler = await world.openSampler();
  const { id } = await world.run({ registries: ['korea'], legs: ['download'] });
  await world.until(id, ({ state }) => state === 'finished');
  const [sample] = await world.samplesOf(id);
  expect(sample).toMatchObject({ ok: false, error: { code: 'remote_denied', step: 'payload' } });
});

test('payloads are removed two days after their last use, not before', async () => {
  await using _sampler = await world.openSampler();
  const { id } = await world.run({ registries: ['singapore'], legs: ['download'] });
  await world.until(id, ({ state }) => state === 'finished');
  world.clock.advance(47 * 3_600_000);
  await world.service.api.send('GET', '/v1/benchmarks');
  expect(world.singapore.count('DELETE', /manifests/)).toBe(0);
  world.clock.advance(2 * 3_600_000);
  await eventually(() => world.singapore.count('DELETE', /manifests/) === 1, { what: 'the removal' });
});
