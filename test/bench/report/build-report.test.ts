import { describe, expect, test } from 'vitest';
import { buildReport } from '../../../src/bench/report/build-report.ts';
import { foldIntoHours, mergeHours } from '../../../src/bench/report/hour-row.ts';
import { quantile } from '../../../src/bench/statistics/quantile.ts';
import { hourSource } from './hour-source.ts';
import { reportSamples, START } from './report-samples.ts';

const hoursOf = (samples: Parameters<typeof foldIntoHours>[0]) => hourSource(foldIntoHours(samples));

const QUESTION = { campaign: null, timeZone: 'Asia/Shanghai', referenceBytes: 150e6, recommendation: null };
const HOUR = 3_600_000;

describe('a report', () => {
  const samples = reportSamples({ count: 40_000, hours: 7 * 24 });
  const report = buildReport(hoursOf(samples), QUESTION);

  test('is within 1 % of the raw quantiles', () => {
    expect(report.series).toHaveLength(4);
    for (const series of report.series) {
      const own = samples.filter(({ registry, leg }) => registry === series.registry && leg === series.leg);
      const raw = (p: number) =>
        quantile(
          own.map(({ seconds }) => seconds),
          p,
        );
      const rates = own.flatMap(({ rate }) => rate ?? []);
      for (const [p, found] of [
        [0.05, series.seconds?.p5],
        [0.5, series.seconds?.p50],
        [0.95, series.seconds?.p95],
      ] as const)
        expect(Math.abs((found ?? 0) / raw(p) - 1)).toBeLessThanOrEqual(0.01);
      expect(Math.abs((series.rate?.p10 ?? 0) / quantile(rates, 0.1) - 1)).toBeLessThanOrEqual(0.01);
      expect(series.samples).toBe(own.length);
      expect(series.failed.share).toBe(own.filter(({ ok }) => !ok).length / own.length);
    }
  });

  test('covers the time in points and the day in hours', () => {
    const [series] = report.series;
    expect(series).toMatchObject({ registry: 'korea', leg: 'upload' });
    expect([report.from, report.until]).toEqual([START, START + 168 * HOUR]);
    expect(series?.overTime).toHaveLength(168);
    expect(series?.byHour.map(({ hour }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    expect(series?.distribution).toEqual(series?.distribution.toSorted((a, b) => a - b));
  });

  test('is the same however the hours were merged', () => {
    const halves = [samples.filter((_, nth) => nth % 3 === 0), samples.filter((_, nth) => nth % 3 !== 0)];
    const merged = new Map<string, ReturnType<typeof foldIntoHours>[number]>();
    for (const row of halves.flatMap(foldIntoHours)) {
      const key = `${row.registry} ${row.leg} ${row.hourAt}`;
      const kept = merged.get(key);
      merged.set(key, kept === undefined ? row : { ...row, figures: mergeHours(kept.figures, row.figures) });
    }
    expect(buildReport(hourSource([...merged.values()]), QUESTION)).toEqual(report);
  });
});

test('few samples make few points, so that there is a spread to see', () => {
  const report = buildReport(hoursOf(reportSamples({ count: 4 * 48, hours: 48 })), QUESTION);
  expect(report.stepMs).toBe(6 * HOUR);
});

test('a night that is worse shows in its hours', () => {
  const samples = reportSamples({ count: 4_000, hours: 72 }).map((sample) => {
    const isNight = Math.floor((sample.at - START) / HOUR) % 24 < 3;
    return isNight ? { ...sample, seconds: Math.min(1_800, sample.seconds * 8) } : sample;
  });
  const [series] = buildReport(hoursOf(samples), QUESTION).series;
  const worst = series?.byHour.toSorted((a, b) => (b.p90 ?? 0) - (a.p90 ?? 0)).slice(0, 3);
  expect(worst?.map(({ hour }) => hour).sort()).toEqual([0, 1, 2]);
});

test('a path where everything failed has a row, and no rates', () => {
  const samples = reportSamples({ count: 40, hours: 2 }).map((sample) =>
    sample.registry === 'korea' ? { ...sample, ok: false, rate: null, seconds: 1_800 } : sample,
  );
  const [series] = buildReport(hoursOf(samples), QUESTION).series;
  expect(series).toMatchObject({ registry: 'korea', failed: { share: 1 }, rate: null });
  expect(series?.seconds?.p50).toBe(1_800);
});

test('sizes are told apart, and the one asked for is reported', () => {
  const rows = hoursOf(reportSamples({ count: 800, hours: 4, payloads: [1_000_000, 16_000_000] }));
  expect(buildReport(rows, QUESTION)).toMatchObject({
    payloadBytes: 16_000_000,
    sizes: [
      { payloadBytes: 1_000_000, samples: 400 },
      { payloadBytes: 16_000_000, samples: 400 },
    ],
  });
  expect(buildReport(rows, { ...QUESTION, payloadBytes: 1_000_000 }).samples).toBe(400);
});

test('nothing is reported about nothing', () => {
  expect(buildReport(hourSource([]), QUESTION)).toMatchObject({
    from: null,
    until: null,
    payloadBytes: null,
    series: [],
  });
});
