// The scenario of benchmarks over the laboratory's links. Without options in the form of the gate, which takes three to five minutes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { canRunWan, hasCongestionControl } from '../test/support/wan/can-run-wan.ts';

const USAGE = `npm run scenario:benchmark -- [options]
  --whole           all relays and worlds, the sizes that a decision rests on, ten minutes without contact: takes a quarter of an hour and more
  --rounds N        rounds of samples as production sends (2; whole: 6)
  --cubic-rounds N  rounds with cubic held by day (4; whole: 6)
  --evening-rounds N  of these in each laboratory that records the evening, where they take longer (1 in each of 2; whole: 1 in each of 4)
  --payload SIZE    of samples as production sends (1MB; whole: 16MB)
  --cubic-payload SIZE  of samples with cubic (1MB; whole: 16MB)
  --minutes N       how long the agent is out of contact (a third of one; whole: 10)
  --page FILE       where to write the report of the resampled week; FILE.txt is what the terminal shows of it
  --samples FILE    where to write all recorded samples

Needs root, iproute2, cc, /dev/net/tun and a kernel with bbr. Ends with \`N passed, N failed, N skipped\`.`;

const text = { type: 'string' };
const names = ['rounds', 'cubic-rounds', 'evening-rounds', 'payload', 'cubic-payload', 'minutes', 'page', 'samples'];
const options = { ...Object.fromEntries(names.map((name) => [name, text])), whole: { type: 'boolean' } };
const { values, positionals } = parseArgs({
  options: { ...options, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
if (values.help || positionals.length > 0) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const missing = [...canRunWan().missing, ...(hasCongestionControl('bbr') ? [] : ['bbr in the kernel'])];
if (missing.length > 0) {
  console.error(`scenario:benchmark cannot run here; missing: ${missing.join(', ')}`);
  process.exit(1);
}

const ALL = ['singapore', 'korea', 'japan', 'us-west'];
const WHOLE = {
  ...{ probed: ALL, probedIn: ['day', 'evening', 'policed'], compared: ALL },
  ...{ rounds: 6, cubicRounds: 6, evenings: 4, cubicInEvening: 1, payload: '16MB', cubicPayload: '16MB' },
  ...{ contactLostMs: 600_000, isWhole: true },
};
const number = (name) => (values[name] === undefined ? undefined : Number(values[name]));
const minutes = number('minutes');
const named = Object.entries({
  rounds: number('rounds'),
  cubicRounds: number('cubic-rounds'),
  cubicInEvening: number('evening-rounds'),
  payload: values.payload,
  cubicPayload: values['cubic-payload'],
  contactLostMs: minutes === undefined ? undefined : minutes * 60_000,
  page: values.page,
  samples: values.samples,
}).filter(([, value]) => value !== undefined);
const form = { ...(values.whole ? WHOLE : {}), ...Object.fromEntries(named) };
const isShort = Object.keys(form).every((name) => name === 'page' || name === 'samples');

const folder = mkdtempSync(join(tmpdir(), 'entrepot-scenario-'));
const results = join(folder, 'results.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
try {
  const { status } = spawnSync(
    process.execPath,
    ['scripts/test-slow.mjs', 'test/scenarios/benchmark.slow.test.ts', ...reporters],
    {
      stdio: 'inherit',
      env: { ...process.env, ENTREPOT_SCENARIO_FORM: JSON.stringify({ ...form, patience: isShort ? 1 : 60 }) },
    },
  );
  const counted = spawnSync(process.execPath, ['scripts/count-tests.mjs', results], { encoding: 'utf8' });
  const [passed = 0, failed = 1, skipped = 0] = counted.stdout.trim().split(' ').filter(Boolean);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
