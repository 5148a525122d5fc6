import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it, test } from 'vitest';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { peersAreRequired } from '../peers/peer-test.ts';
import { findProgram } from '../support/find-program.ts';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');
const DASHBOARD = 'grafana-dashboard.json';
const ALERTS = 'prometheus-alerts.yaml';
const read = (file: string) => readFileSync(`${DEPLOY}/${file}`, 'utf8');

/** Labels of prom-client's own figures, and of Prometheus. */
const GIVEN_LABELS = ['le', 'version', 'job', 'quantile'];

/** Every figure that /metrics can have, with its labels, from one use of each. */
async function renderAll(): Promise<string> {
  const metrics = new Metrics(
    {
      transfers: async () => [{ registry: 'korea', state: 'waiting', count: 1, oldestAt: 0 }],
      depot: async () => ({ limitBytes: 1, usedBytes: 1, landingBytes: 1, pinnedBytes: 1, blobs: 1 }),
      registries: () => new Map([['korea', { healthy: true }]]),
      agents: () => [{ site: 'us-east', seenAt: -41_000, clockOffsetMs: 2_500 }],
      droppedLogLines: () => 3,
      certificate: () => ({ expiresAtMs: 1, isReplacementRefused: false }),
      nowMs: () => 1_000,
    },
    '1',
  );
  await metrics.watchProcess();
  metrics.pushEnded('placed');
  metrics.transferEnded('korea', 'placed');
  metrics.transferRetried('korea', 'timed_out');
  metrics.placementWithdrawn('korea');
  metrics.choiceChanged();
  metrics.resolved('chosen', 0.001);
  metrics.connectionReplaced('korea', { direction: 'upload', cause: 'slow' });
  metrics.tokenAsked('korea', 'issued');
  metrics.transferPlaced({
    registry: 'korea',
    bytesSent: 3_000,
    bytesResent: 1_000,
    bytesSavedPresent: 1,
    bytesSavedMounted: 1,
    lagSeconds: 3,
    runSeconds: 2,
    estimateError: 0.1,
  });
  metrics.sampleTaken({ site: 'us-east', source: 'benchmark', ok: false });
  metrics.measured('us-east', [
    { registry: 'korea', figures: { p50: 1, p95: 2, jitterMs: 3, stalled: { share: 0.1 } } },
    { registry: 'japan', figures: null },
  ]);
  return (await metrics.render()).text;
}

it('figures of goodput, benchmarks, tokens and dropped lines say what they were told', async () => {
  const text = await renderAll();
  for (const line of [
    'entrepot_transfer_goodput_bytes_per_second_sum{registry="korea"} 1000',
    'entrepot_benchmark_seconds{site="us-east",registry="korea",quantile="0.95"} 2',
    'entrepot_benchmark_jitter_seconds{site="us-east",registry="korea"} 0.003',
    'entrepot_token_requests_total{registry="korea",outcome="issued"} 1',
    'entrepot_log_lines_dropped_total 3',
    'entrepot_agent_silent_seconds{site="us-east"} 42',
    'entrepot_agent_clock_offset_seconds{site="us-east"} 2.5',
    'entrepot_samples_total{site="us-east",source="benchmark",outcome="failed"} 1',
  ])
    expect(text).toContain(line);
});

it.each([DASHBOARD, ALERTS])('%s uses figures and labels that exist', async (file) => {
  const text = await renderAll();
  const labelsOf = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(entrepot_\w+)(?:\{(.*)\})? /gm)) {
    const known = labelsOf.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    labelsOf.set(name, known);
  }
  const expressions =
    file === DASHBOARD
      ? [...read(file).matchAll(/"(?:expr|query)": "(.*)"/g)].map(([, expression = '']) =>
          JSON.parse(`"${expression}"`),
        )
      : [...read(file).matchAll(/expr: (.*)/g)].map(([, expression = '']) => expression);
  expect(expressions.length).toBeGreaterThan(9);
  for (const expression of expressions) {
    const names = [...expression.matchAll(/entrepot_\w+/g)].map(([name]) => name);
    const labels = new Set([...GIVEN_LABELS, ...names.flatMap((name) => [...(labelsOf.get(name) ?? [])])]);
    for (const name of names) expect([...labelsOf.keys()], expression).toContain(name);
    const used = [
      ...[...expression.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label]) => label),
      ...[...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/)),
    ];
    for (const label of used) expect([...labels], expression).toContain(label);
  }
});

const needsPromtool = test.skipIf(!peersAreRequired && findProgram('promtool') === undefined);

needsPromtool('promtool takes the alert rules and sees them fire when they should', () => {
  for (const args of [
    ['check', 'rules', ALERTS],
    ['test', 'rules', ALERTS.replace('.yaml', '.test.yaml')],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: DEPLOY, encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  }
});

needsPromtool('promtool finds nothing to say of the names, units and helps of the figures', async () => {
  const { error, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await renderAll(),
    encoding: 'utf8',
  });
  expect(error).toBeUndefined();
  const said = (stdout + stderr).split('\n').filter((line) => line !== '');
  // A gauge with quantiles: they are of the recommendation's window, and a summary would count from the start of the process.
  expect(said.filter((line) => !line.startsWith('entrepot_benchmark_seconds non-summary'))).toEqual([]);
});
