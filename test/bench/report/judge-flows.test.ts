import { expect, test } from 'vitest';
import type { FlowDiagnosis, FlowRun } from '../../../src/bench/flow-diagnosis.ts';
import { judgeFlows } from '../../../src/bench/report/judge-flows.ts';

const run = (flows: number, rate: number | null, more: Partial<FlowRun> = {}): FlowRun => ({
  ...{ flows, rate, seconds: 10, bytes: 10_000_000, congestionControl: 'cubic', retransmittedBytes: 4_000 },
  ...more,
});
const diagnosis = (one: FlowRun | null, eight: FlowRun | null, more: Partial<FlowDiagnosis> = {}): FlowDiagnosis => ({
  ...{ campaign: 'bench_1', registry: 'singapore', at: 1, one, eight, error: null, suspect: false },
  ...more,
});

// Megabits as in the emulated worlds: one flow of cubic on a path with loss, and both on one that is capped.
test.each<[string, FlowDiagnosis, string, RegExp]>([
  ['a cap', diagnosis(run(1, 970_000), run(8, 980_000)), 'capped', /^capped: eight flows are no faster than one$/],
  [
    'nearly',
    diagnosis(run(1, 800_000), run(8, 980_000)),
    'capped',
    /^capped: eight flows are only 1.2\d times as fast/,
  ],
  ['loss', diagnosis(run(1, 870_000), run(8, 5_900_000)), 'loss', /^limited by loss: .* 6.78 times .* 0.040 % of/],
  [
    'something for each connection',
    diagnosis(run(1, 1e6, { retransmittedBytes: 0 }), run(8, 8e6, { retransmittedBytes: 0 })),
    'per_connection',
    /not by loss: eight flows are 8.00 times as fast as one, and nothing was sent again/,
  ],
  ['between', diagnosis(run(1, 1e6), run(8, 2e6)), 'unknown', /^not known, because .* neither a cap nor loss alone/],
  [
    'no word on what was sent again',
    diagnosis(run(1, 1e6, { retransmittedBytes: null }), run(8, 8e6)),
    'unknown',
    /the system does not tell whether anything was lost/,
  ],
  ['BBR', diagnosis(run(1, 1e6, { congestionControl: 'bbr' }), run(8, 1e6)), 'unknown', /used bbr and not cubic/],
  [
    'who knows what',
    diagnosis(run(1, 1e6), run(8, 1e6, { congestionControl: null })),
    'unknown',
    /a congestion control that the system does not tell/,
  ],
  [
    'a line so fast that no loss held it up yet',
    diagnosis(run(1, 6_140_000, { seconds: 3.25 }), run(8, 5_480_000, { seconds: 3.21 })),
    'unknown',
    /the bytes were over after 3.25 s, before losses could show/,
  ],
  ['too fast to tell', diagnosis(run(1, 1e9), run(8, null)), 'unknown', /over too soon/],
  ['a busy machine', diagnosis(run(1, 1e6), run(8, 1e6), { suspect: true }), 'unknown', /this machine was too busy/],
  [
    'a failure',
    diagnosis(run(1, 1e6), null, { error: { code: 'connection_lost', step: null, detail: 'it broke off' } }),
    'unknown',
    /the comparison failed: it broke off/,
  ],
])('%s', (_what, seen, verdict, sentence) => {
  const reading = judgeFlows('upload', seen);
  expect(reading.verdict).toBe(verdict);
  expect(reading.sentence).toMatch(sentence);
});

test('of downloads, and of what was not compared, nothing is known', () => {
  const capped = diagnosis(run(1, 1e6), run(8, 1e6));
  // What was compared were uploads.
  expect(judgeFlows('download', capped)).toMatchObject({ verdict: 'unknown', ratio: null, one: null, eight: null });
  expect(judgeFlows('download', capped).sentence).toMatch(/^not known, because the far side sends/);
  expect(judgeFlows('upload', undefined).sentence).toMatch(/^not known, because .* was not compared/);
});
