import { expect, test } from 'vitest';
import { buildReport } from '../../../src/bench/report/build-report.ts';
import { foldIntoHours } from '../../../src/bench/report/hour-row.ts';
import { reportPage } from '../../../src/bench/report/page/report-page.ts';
import { findAlgorithms } from '../../../src/bench/report/sending.ts';
import { hourSource } from './hour-source.ts';
import { reportSamples } from './report-samples.ts';

const QUESTION = { campaign: null, timeZone: 'Asia/Shanghai', referenceBytes: 150e6, recommendation: null };
/** As production sends: 150 MB in 25 s to Korea and 30 s to Singapore. */
const hours = hourSource(
  foldIntoHours(
    reportSamples({ count: 400, hours: 24 }).map((sample) => ({
      ...sample,
      seconds: sample.registry === 'korea' ? 25 : 30,
    })),
  ),
);
const algorithms = (names: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(names));
const reportOf = (
  names: Readonly<Record<string, readonly string[]>>,
  rates: Readonly<Record<string, number>> = {},
  seconds = 10,
) =>
  buildReport(hours, {
    ...QUESTION,
    algorithms: algorithms(names),
    diagnoses: Object.entries(rates).map(([registry, rate]) => ({
      ...{ campaign: 'bench_1', registry, at: 1, eight: null, error: null, suspect: false },
      one: { flows: 1, rate, seconds, bytes: 1e7, congestionControl: 'cubic', retransmittedBytes: 4_000 },
    })),
  });

test('what each registry was sent to with is found of its uploads', () => {
  const upload = { leg: 'upload' as const, congestionControl: 'bbr' };
  const found = findAlgorithms([
    { ...upload, registry: 'singapore' },
    { ...upload, registry: 'korea' },
    { ...upload, registry: 'korea', congestionControl: 'cubic' },
    { ...upload, registry: 'singapore', congestionControl: null },
    { ...upload, registry: 'singapore', leg: 'download', congestionControl: 'cubic' },
  ]);
  expect([...found]).toEqual([
    ['korea', ['bbr', 'cubic']],
    ['singapore', ['bbr']],
  ]);
});

test('with bbr, tests with other tools find something else; what, where it was compared', () => {
  const names = { korea: ['bbr'], singapore: ['bbr'] };
  const told = reportOf(names).sending;
  expect(told?.congestionControl).toEqual(names);
  expect(told?.sentence).toMatch(/^Uploads were sent with bbr, which .* cubic .* may name another \(bench run --flows/);
  // Over one connection with cubic, Singapore is the faster one: 150 s, and Korea takes 300 s.
  expect(reportOf(names, { korea: 500_000, singapore: 1_000_000 }).sending?.sentence).toBe(
    'Uploads were sent with bbr, which does not slow down at each lost packet as cubic does: over one connection with cubic, as most tools send, 150 MB would have taken 5 min to korea (here 25 s) and 150 s to singapore (here 30 s) when they were compared last, so that singapore would have been the fastest and not korea. Tests with such tools may therefore name another region than this report.',
  );
});

test('what one connection did is told only where it says something', () => {
  const names = { korea: ['bbr'], singapore: ['bbr'] };
  // No slower than what was sent here.
  expect(reportOf(names, { korea: 6_000_000, singapore: 5_000_000 }).sending?.sentence).toMatch(
    /taken 25 s to korea \(here 25 s\) and 30 s to singapore .* That does not explain why tests/,
  );
  // Over before losses could show.
  expect(reportOf(names, { korea: 500_000 }, 3).sending?.sentence).toMatch(
    /than they are here, and may name another\.$/,
  );
});

test('with cubic, mixed, and where nothing is known', () => {
  expect(reportOf({ korea: ['cubic'], singapore: ['cubic'] }).sending?.sentence).toMatch(
    /^Uploads were sent with cubic, as most tools send: each lost packet slows a connection down\./,
  );
  expect(reportOf({ korea: ['cubic'], singapore: ['bbr'] }).sending?.sentence).toMatch(
    /^Uploads to singapore were sent with bbr, /,
  );
  expect(reportOf({ korea: ['bbr', 'cubic'], singapore: ['bbr'] }).sending?.sentence).toMatch(
    /^Uploads to korea were sent with bbr and cubic, and their times are mixed/,
  );
  expect(reportOf({}).sending).toBeNull();
});

test('the page says it', () => {
  expect(reportPage(reportOf({ korea: ['bbr'] }))).toContain('Uploads were sent with bbr, which does not slow down');
});
