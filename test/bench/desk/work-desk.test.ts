import { expect, test } from 'vitest';
import type { DownloadWork } from '../../../src/bench/desk/desk-work.ts';
import { WorkDesk } from '../../../src/bench/desk/work-desk.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import type { Store } from '../../../src/store/store.ts';
import { sampleDigest } from '../../conformance/push-samples.ts';
import { openTestStore } from '../../store/open-test-store.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const never = new AbortController().signal;
const agent = { name: 'a', site: 'us-east', clockOffsetMs: null };

const work = (id: string, more: Partial<DownloadWork> = {}): DownloadWork => ({
  ...{ id, campaign: 'bench_1', round: 'bench_1.1', site: 'us-east', registry: 'singapore' },
  ...{ repository: parseRepositoryName('entrepot-bench/payloads'), digest: sampleDigest('a'), payloadBytes: 1_000 },
  ...{ idleMs: null, patienceMs: 60_000 },
  ...more,
});

const openDesk = (store: Store, clock: TestClock) =>
  new WorkDesk({
    ...{ store: store.desk, samples: store.benchmarks, clock },
    reference: { bytes: 150_000_000, deadlineSeconds: 1_800 },
  });

const report = (id: string, clock: TestClock) => ({
  ...{ id, at: clock.nowMs(), error: null, bodySeconds: 0.5, intervalMs: 250, intervalBytes: [1_000], idle: null },
  setup: { dnsMs: null, connectMs: 1, tlsMs: null, firstByteMs: 2 },
  ...{ loaded: null, connections: 1, localLoad: 0 },
});

test('work that was given is given again to the same agent, to no other, also by a service that was restarted', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const clock = new TestClock();
  const desk = openDesk(store, clock);
  await store.desk.put(work('w1'), clock.nowMs());
  expect((await desk.take(agent, 0, never))?.id).toBe('w1');
  expect((await desk.take(agent, 0, never))?.id).toBe('w1');
  expect(await desk.take({ ...agent, name: 'b' }, 0, never)).toBeUndefined();
  expect(await desk.take({ ...agent, site: 'eu' }, 0, never)).toBeUndefined();

  const restarted = openDesk(store, clock);
  await restarted.start();
  expect(restarted.presence('us-east')).toMatchObject({ agent: 'b', state: 'away' });
  expect((await restarted.take(agent, 0, never))?.id).toBe('w1');
  expect(restarted.presence('us-east')).toMatchObject({ agent: 'a', state: 'waiting' });
});

test('an agent that waits is woken by new work, and its sample ends the wait of the campaign', async () => {
  await using opened = await openTestStore();
  const clock = new TestClock();
  const desk = openDesk(opened.store, clock);
  const taken = desk.take(agent, 600_000, never);
  await eventually(() => clock.sleeping > 0, { what: 'the agent waiting' });
  const sample = desk.request(work('w1'), never);
  expect((await taken)?.id).toBe('w1');
  expect(desk.presence('us-east').state).toBe('measuring');
  expect(await desk.report(agent, [report('w1', clock)])).toEqual([{ id: 'w1', state: 'taken' }]);
  expect(await sample).toMatchObject({ id: 'w1', ok: true, rate: 2_000, site: 'us-east', leg: 'download' });
  expect(await desk.report(agent, [report('w1', clock)])).toEqual([{ id: 'w1', state: 'known' }]);
});

test('a round waits for its agent once, the next one again', async () => {
  await using opened = await openTestStore();
  const clock = new TestClock();
  const desk = openDesk(opened.store, clock);
  const lapsed = async (id: string, round: string) => {
    const before = clock.elapsedMs();
    const sample = desk.request(work(id, { round }), never);
    const over = await Promise.race([sample, clock.sleep(1_000).then(() => undefined)]);
    if (over === undefined) clock.advance(60_000);
    expect((await sample).error?.code).toBe('agent_away');
    return clock.elapsedMs() - before > 40_000;
  };
  expect([await lapsed('w1', 'r1'), await lapsed('w2', 'r1'), await lapsed('w3', 'r2')]).toEqual([true, false, true]);
  expect(await desk.report(agent, [report('w1', clock)])).toMatchObject([{ reason: 'no such work was given' }]);
});

test('work of a campaign that was stopped is taken off the desk, and is there again when that goes on', async () => {
  await using opened = await openTestStore();
  const clock = new TestClock();
  const desk = openDesk(opened.store, clock);
  const stop = new AbortController();
  const stopped = desk.request(work('w1'), stop.signal);
  await eventually(() => clock.sleeping > 0, { what: 'the campaign waiting' });
  stop.abort(new Error('stopped'));
  await expect(stopped).rejects.toThrow('stopped');
  expect(await desk.take(agent, 0, never)).toBeUndefined();
  const goesOn = desk.request(work('w1'), never);
  expect((await desk.take(agent, 10_000, never))?.id).toBe('w1');
  await desk.report(agent, [report('w1', clock)]);
  expect((await goesOn).ok).toBe(true);
});
