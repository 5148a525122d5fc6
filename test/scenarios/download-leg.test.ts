import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { BOTH_LEGS, useDownloadWorld } from './download-world.ts';

const world = useDownloadWorld();

test('both legs are measured in each round: up by the service, down by the agent, of a payload that is left once', async () => {
  await using _sampler = await world.openSampler();
  const { id } = await world.run({ rounds: 2 });
  const finished = await world.until(id, ({ state }) => state === 'finished');
  // Two legs of two rounds at two registries, and what was left at each once.
  expect(finished.expectedBytes).toBe(2 * 2 * 2 * 100_000 + 2 * 100_000);
  expect(finished).toMatchObject({ waitingFor: null, agents: [{ site: 'us-east', agent: 'agent-1' }] });
  const samples = await world.samplesOf(id);
  expect(samples.map(({ registry, leg, ok }) => `${registry} ${leg} ${ok}`).sort()).toEqual(
    ['korea', 'singapore'].flatMap((name) =>
      ['download', 'download', 'upload', 'upload'].map((leg) => `${name} ${leg} true`),
    ),
  );
  const down = samples.filter(({ leg }) => leg === 'download');
  for (const sample of down)
    expect(sample).toMatchObject({ site: 'us-east', bytesFrom: 'received', intervalMs: 250, idle: { lost: 0 } });
  for (const registry of [world.singapore, world.korea]) {
    expect(registry.count('PUT', /\/manifests\/payload-100000-/)).toBe(1);
    expect(registry.count('GET', /\/blobs\/sha256:/)).toBe(2);
  }
  expect((await world.run({ rounds: 2 })).expectedBytes).toBe(2 * 2 * 2 * 100_000);
  const { body } = await world.service.api.send('GET', `/v1/benchmarks/${id}/report?site=us-east`);
  expect((body.series as { registry: string; leg: string; samples: number }[]).map(({ leg }) => leg).sort()).toEqual([
    'download',
    'download',
    'upload',
    'upload',
  ]);
});

test('an agent that is away holds up nobody, and its sample takes the place of what said so, once', async () => {
  const { id } = await world.run({ registries: ['singapore'] });
  const work = await world.take();
  expect(work?.id).toContain('.singapore.download.100000.us-east');
  await world.until(id, ({ samples }) => samples === 1);
  // The service has waited for as long as the download may take, and the agent is silent.
  await eventually(() => world.clock.sleeping > 0, { what: 'the wait for the agent' });
  world.clock.advance(10 * 60_000);
  await world.until(id, ({ state }) => state === 'finished');
  const [away] = (await world.samplesOf(id)).filter(({ leg }) => leg === 'download');
  expect(away).toMatchObject({ ok: false, error: { code: 'agent_away' } });
  expect(away?.error?.detail).toContain('agent-1');

  const late = world.reportOf(work?.id ?? '', { at: new Date(world.clock.nowMs() - 9 * 60_000).toISOString() });
  expect(await world.report([late, late])).toMatchObject([{ state: 'taken' }, { state: 'known' }]);
  const samples = await world.samplesOf(id);
  expect(samples).toHaveLength(2);
  expect(samples.find(({ leg }) => leg === 'download')).toMatchObject({ ok: true, error: null, rate: 200_000 });
});

test('what an agent could not have measured is refused, one by one', async () => {
  const { id } = await world.run({ registries: ['singapore'] });
  const work = await world.take();
  if (work === null) throw new Error('there is no work');
  const hostile: [string, unknown][] = [
    ['at: ', world.reportOf(work.id, { at: 'yesterday' })],
    ['at must lie', world.reportOf(work.id, { at: new Date(world.clock.nowMs() - 3_600_000).toISOString() })],
    ['at must lie', world.reportOf(work.id, { at: new Date(world.clock.nowMs() + 3_600_000).toISOString() })],
    ['bodySeconds', world.reportOf(work.id, { bodySeconds: -1 })],
    ['bodySeconds', world.reportOf(work.id, { bodySeconds: null })],
    ['bodySeconds', world.reportOf(work.id, { bodySeconds: 'NaN' })],
    ['have not passed', world.reportOf(work.id, { bodySeconds: 80_000 })],
    ['rate that no path has', world.reportOf(work.id, { bodySeconds: 1e-9 })],
    ['intervalBytes.0', world.reportOf(work.id, { intervalBytes: [-1] })],
    ['more than the payload', world.reportOf(work.id, { intervalBytes: [1e9] })],
    [
      'setup.firstByteMs',
      world.reportOf(work.id, { setup: { dnsMs: null, connectMs: 1, tlsMs: null, firstByteMs: -5 } }),
    ],
    ['localLoad', world.reportOf(work.id, { localLoad: 7 })],
    ['error.code', world.reportOf(work.id, { error: { code: 'no_such_code', step: null, detail: '' } })],
    ['registry', world.reportOf(work.id, { registry: 'korea' })],
    ['no such work', world.reportOf('bench_other.000001.singapore.download.100000.us-east')],
    ['id: ', { hello: 'world' }],
    ['Invalid input', null],
  ];
  const verdicts = await world.report([...hostile.map(([, sample]) => sample), world.reportOf(work.id)]);
  for (const [position, [reason]] of hostile.entries()) {
    expect(verdicts[position]?.state).toBe('refused');
    expect(verdicts[position]?.reason).toContain(reason);
  }
  expect(verdicts.at(-1)).toEqual({ id: work.id, state: 'taken', reason: null });
  await world.until(id, ({ state }) => state === 'finished');

  const other = await world.service.api.withToken({ role: 'agent', site: 'eu' });
  expect(await world.report([world.reportOf(work.id)], other)).toMatchObject([
    { reason: expect.stringContaining('not work of eu') },
  ]);
  expect(await world.report([world.reportOf(work.id)], world.agent, 'agent-2')).toMatchObject([
    { reason: 'it was given to another agent' },
  ]);
  const foreign = await other.send('POST', '/v1/agents/agent-1/work', { site: 'us-east' });
  expect([foreign.status, foreign.body.code]).toEqual([403, 'forbidden']);
});

test.each([
  [{ sites: ['nowhere'] }, 'sites[0]'],
  [{ sites: ['beijing'] }, 'sites[0]'],
  [{ sites: ['us-east'], legs: ['upload'] }, 'sites'],
])('%j is refused', async (request, path) => {
  const { status, body } = await world.service.api.send('POST', '/v1/benchmarks', {
    rounds: 1,
    ...BOTH_LEGS,
    ...request,
  });
  expect([status, body.code]).toEqual([400, 'validation_failed']);
  expect(JSON.stringify(body.errors)).toContain(path);
});
