import { expect, it } from 'vitest';
import { type JudgedRuns, judgeRow } from '../../scripts/perf/wan/judge-row.ts';
import type { ServiceRun } from '../../scripts/perf/wan/run-service.ts';
import { makeWanRows } from '../../scripts/perf/wan/wan-rows.ts';

const row = (id: string) => {
  const found = makeWanRows().find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no row ${id}`);
  return found;
};

const GOOD: ServiceRun = {
  seconds: 160,
  bytesToSend: 150e6,
  bytesSent: 150e6,
  bytesResent: 0,
  blobsRestarted: 0,
  retransmitted: 0.01,
  connections: 4,
  replaced: 0,
};

it.each([
  ['policed-1', {}, []],
  ['policed-1', { seconds: 171 }, ['seconds']],
  ['policed-1', { connections: 5 }, ['connections (at most 4)']],
  ['policed-1', { retransmitted: 0.051 }, ['retransmitted (at most 5 %)']],
  ['policer-1', { retransmitted: 0.051 }, []],
  ['policer-1', { retransmitted: 0.16 }, ['retransmitted (at most 15 %)']],
  // Two blobs, the layer and the configuration, may each lose a chunk of 16 MiB.
  ['policed-1', { bytesSent: 183e6 }, []],
  ['policed-1', { bytesSent: 184e6 }, ['bytes (at most 34 MB again)']],
  ['policed-1', { bytesSent: 290e6, blobsRestarted: 1 }, []],
  ['policed-1', { bytesSent: 334e6, blobsRestarted: 1 }, ['bytes (at most 34 MB again)']],
  ['day-cut', { seconds: 99, bytesSent: 199e6 }, []],
  ['day-cut', { seconds: 99, bytesSent: 201e6 }, ['bytes (at most 50 MB again)']],
  ['day-cut', { seconds: 99, bytesSent: 170e6, blobsRestarted: 1 }, ['blobs begun anew (none)']],
  ['day-sg-6', { seconds: 29, connections: 12, retransmitted: 0.2 }, []],
] as const)('%s with %o misses %o', (id, figures, missed) => {
  const run = { ...GOOD, ...figures };
  expect(judge(id, { seconds: run.seconds, each: [run], begun: 1 })).toEqual(missed);
});

it('looks for what may never be in every run, and at the median for the seconds', () => {
  const each = [{ ...GOOD, seconds: 168 }, { ...GOOD, seconds: 180, connections: 5 }, GOOD];
  expect(judge('policed-1', { seconds: 168, each, begun: 3 })).toEqual(['connections (at most 4)']);
});

it('says how many runs were not placed', () =>
  expect(judge('policed-1', { seconds: 160, each: [GOOD, GOOD], begun: 3 })).toEqual(['1 of 3 runs']));

function judge(id: string, runs: JudgedRuns): string[] {
  const { goal } = row(id);
  return judgeRow(row(id), runs, typeof goal === 'number' ? goal : null);
}
