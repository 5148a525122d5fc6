import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../src/bench/recommend/measurement.ts';
import { recommend } from '../../../src/bench/recommend/recommend.ts';
import type { Recommendation } from '../../../src/bench/recommend/recommendation.ts';
import { defaultRule } from '../../../src/bench/recommend/rule-settings.ts';
import { recommendIndependently } from '../../support/independent-recommendation.ts';
import { questionAbout } from './recommend-question.ts';
import { BORDER, type PathProfile, START, simulate } from './simulated-weeks.ts';

const [HOUR, DAY] = [3_600_000, 86_400_000];
const flat = (rate: number, fail = 0): PathProfile => ({ day: { rate, fail }, peak: { rate, fail } });
const waving = (rate: number): PathProfile => ({ day: { rate, fail: 0 }, peak: { rate: rate / 5, fail: 0 } });

/** Nine days, so that the evaluation of the day before has a whole week too. */
function measured(profiles: Record<string, PathProfile>, options: { seed?: number; noise?: number } = {}) {
  return simulate({ profiles, days: 9, seed: 1, noise: 0.05, ...options });
}

/** As if every round of a registry from an instant on had failed, or until one. */
function failing(measurements: readonly Measurement[], registry: string, from: number, until = Infinity) {
  return measurements.map(
    (one): Measurement =>
      one.registry === registry && one.leg === 'upload' && one.at >= from && one.at <= until
        ? { ...one, ok: false, rate: null }
        : one,
  );
}

const last = START + 9 * DAY - HOUR;

describe('the stages', () => {
  test('gate: what fails too often is out, however fast and steady', () => {
    const result = recommend(questionAbout(measured({ fast: flat(40, 0.12), slow: flat(10) })));
    expect(result).toMatchObject({ state: 'recommended', registry: 'slow' });
    expect(verdicts(result)).toEqual({ slow: 'recommended', fast: 'failures' });
  });

  test('gate: three failures in a row eject for an hour', () => {
    const measurements = failing(measured({ fast: flat(20), slow: flat(18) }), 'fast', last - 2 * HOUR);
    const at = (minutes: number) => recommend(questionAbout(measurements, { at: last + minutes * 60_000 }));
    expect(verdicts(at(30))).toEqual({ slow: 'recommended', fast: 'ejected' });
    expect(at(61).registry).toBe('fast');
  });

  test('gate: what takes longer than the deadline has failed, however steadily', () => {
    const result = recommend(questionAbout(measured({ crawling: flat(0.55), slow: flat(5) })));
    expect(verdicts(result)).toEqual({ slow: 'recommended', crawling: 'ejected' });
    expect(result.ranked.at(-1)).toMatchObject({ gate: { success: { share: 0 } }, figures: { p50: 1_800 } });
  });

  test('half a way is no way, and the reason says so', () => {
    const ups = measured({ half: flat(20) }).filter(({ leg }) => leg === 'upload');
    const result = recommend(questionAbout([...ups, ...measured({ calm: flat(12) })]));
    expect(result.registry).toBe('calm');
    expect(result.reasons).toContain('half was not measured both ways (upload and download) in one round.');
    expect(recommend(questionAbout(ups, { legs: ['upload'] })).registry).toBe('half');
    const candidates = ['a', 'b', 'half'].map((registry) => ({ registry, costPerGb: null }));
    expect(recommend(questionAbout(ups, { candidates })).reasons).toEqual([
      'Nothing was measured yet that registries could be compared by.',
      'a, b and half were not measured both ways (upload and download) in one round.',
    ]);
  });

  test('stability comes before speed', () => {
    const result = recommend(questionAbout(measured({ waving: waving(20), calm: flat(12) })));
    expect(result).toMatchObject({ registry: 'calm', confidence: 'high', stableButSlow: false });
    expect(verdicts(result)).toEqual({ calm: 'recommended', waving: 'unsteady' });
    expect(result.reasons.join('\n')).toMatch(
      /^waving takes .* at the median, .* less than calm, .* but its slowest 5 % take/m,
    );
  });

  test('a steady winner that takes far longer than the fastest is one to ask about', () => {
    const result = recommend(questionAbout(measured({ waving: waving(40), calm: flat(5) })));
    expect(result).toMatchObject({ registry: 'calm', confidence: 'low', stableButSlow: true });
    expect(result.reasons.join('\n')).toContain('calm is steady but slow');
  });

  test('among the steady the faster one wins', () => {
    expect(recommend(questionAbout(measured({ a: flat(12), b: flat(18) }))).registry).toBe('b');
  });

  test('a winner that another is steadier than says with what probability it counts as steady', () => {
    const b = { day: { rate: 18, fail: 0 }, peak: { rate: 17, fail: 0 } };
    const { registry, reasons } = recommend(questionAbout(measured({ steadier: flat(12), b }, { noise: 0 })));
    expect(registry).toBe('b');
    expect(reasons[0]).toMatch(/times the median, within 10 % of the steadiest with a probability of \d+ %\.$/);
  });

  test.each([
    ['the lower cost decides', { a: 0.12, b: 0.09 }, 'b'],
    ['the name, where a cost is not known', { a: 0.12, b: null }, 'a'],
  ])('among equals %s', (_, costs, winner) => {
    const candidates = Object.entries(costs).map(([registry, costPerGb]) => ({ registry, costPerGb }));
    expect(recommend(questionAbout(measured({ a: flat(12), b: flat(12.1) }), { candidates })).registry).toBe(winner);
  });
});

describe('hysteresis', () => {
  const better = measured({ c: flat(12), x: flat(18) });
  const rows: readonly [string, string, readonly Measurement[], number | null][] = [
    ['switch', 'x', better, null],
    ['cooling-down', 'c', better, last - 71 * HOUR],
    ['switch', 'x', better, last - 72 * HOUR],
    ['not-better-enough', 'c', measured({ c: flat(12), x: flat(13.5) }), null],
    ['incumbent-wins', 'c', measured({ c: flat(18), x: flat(12) }), null],
    ['escape', 'x', failing(measured({ c: flat(18), x: flat(12) }), 'c', last - 5 * HOUR), last - HOUR],
    ['not-well-for-a-day', 'c', failing(better, 'x', last - 12 * HOUR, last - 10 * HOUR), null],
    ['incumbent-not-measured', 'c', better.filter(({ registry, at }) => registry === 'x' || at > last - DAY), null],
  ];
  test.each(rows)('%s: %s', (because, registry, measurements, since) => {
    const result = recommend(questionAbout(measurements, { incumbent: { registry: 'c', since } }));
    expect(result).toMatchObject({ registry, decision: { because }, state: 'recommended' });
    expect(result.reasons.every((reason) => /^[^.].*\.$/.test(reason))).toBe(true);
  });

  test('what holds today must have held a day ago', () => {
    const until = START + 8 * DAY - HOUR / 2;
    const [slow, quick] = [measured({ c: flat(18), x: flat(12) }), measured({ c: flat(8), x: flat(30) })];
    const turned = [...slow.filter(({ at }) => at < until), ...quick.filter(({ at }) => at >= until)];
    // A window of two days, so that one day can turn it.
    const rule = { ...defaultRule, windowMs: DAY, success: 0.5, minimum: { samples: 20, days: 1, hoursOfDay: 18 } };
    const result = recommend(questionAbout(turned, { rule, incumbent: { registry: 'c', since: null } }));
    expect(result).toMatchObject({ registry: 'c', best: 'x', decision: { because: 'not-for-a-day' } });
  });

  test('an incumbent that is no candidate any more does not hold', () => {
    const result = recommend(questionAbout(better, { incumbent: { registry: 'gone', since: null } }));
    expect(result).toMatchObject({ registry: 'x', decision: { because: 'no-incumbent' } });
  });
});

describe('what is enough', () => {
  const six = (measurements: readonly Measurement[]) => measurements.filter(({ at }) => at > last - 5 * HOUR - 1);

  test('six rounds rank, provisionally, and say what is missing', () => {
    const result = recommend(questionAbout(six(measured({ waving: waving(20), calm: flat(8) }))));
    expect(result).toMatchObject({ state: 'provisional', registry: 'calm', confidence: 'low' });
    expect(result.missing).toEqual(['calm, waving: 6 of 60 rounds, 1 of 3 days, 6 of 18 hours of the day']);
  });

  test('nothing recommends nothing', () => {
    const result = recommend(questionAbout([], { at: last, candidates: [{ registry: 'a', costPerGb: null }] }));
    expect(result).toMatchObject({ state: 'none', registry: null, confidence: 'low', payloadBytes: null });
    expect(result.missing).toEqual([
      'a: 0 of 60 rounds, 0 of 3 days, 0 of 18 hours of the day, no round within the last 6 h',
    ]);
  });

  test('a registry with too few rounds is not compared with those that have enough', () => {
    const measurements = measured({ old: flat(8), fresh: flat(30) });
    const result = recommend(
      questionAbout(measurements.filter(({ registry, at }) => registry === 'old' || at > last - DAY)),
    );
    expect(result).toMatchObject({ state: 'recommended', registry: 'old', confidence: 'medium' });
    expect(verdicts(result)).toEqual({ old: 'recommended', fresh: 'few' });
  });

  test('rounds of a busy machine are set aside where enough is left, and else taken along', () => {
    const measurements = measured({ a: flat(10) });
    const busy = (share: number) =>
      measurements.map((one, nth) => ({ ...one, suspect: Math.floor(nth / 2) % 10 < share }));
    expect(recommend(questionAbout(busy(3))).ranked[0]).toMatchObject({
      figures: { setAside: expect.closeTo(50, -1) },
    });
    const allBusy = recommend(questionAbout(busy(10)));
    expect(allBusy).toMatchObject({ state: 'provisional', registry: 'a' });
    expect(allBusy.missing).toEqual([
      'a: 0 of 60 rounds, 0 of 3 days, 0 of 18 hours of the day, no round within the last 6 h',
      expect.stringMatching(
        /^rounds left out because the service's machine or the machine of the agent at us-east was busy \(more than 90 % of its processors\) while it measured: 168 of a\. Give it less to do /,
      ),
    ]);
  });

  test('what a busy machine measured is told of the machine that it was, and only where rounds are missing', () => {
    const measurements = measured({ a: flat(10), b: flat(12) });
    const busy = measurements.map((one) => ({ ...one, suspect: one.registry === 'b' && one.leg === 'download' }));
    const { missing, ranked } = recommend(questionAbout(busy));
    expect(missing[1]).toMatch(/because the machine of the agent at us-east was busy .* measured: 168 of b\. /);
    expect(ranked.map(({ registry, coverage }) => [registry, coverage.busy])).toEqual([
      ['a', { rounds: 0, legs: [] }],
      ['b', { rounds: 168, legs: ['download'] }],
    ]);
    const few = measurements.map((one, nth) => ({ ...one, suspect: nth % 10 === 0 }));
    expect(recommend(questionAbout(few)).missing).toEqual([]);
  });

  test('while an agent is away, the other leg is not taken alone', () => {
    const measurements = failing(measured({ a: flat(10), b: flat(12) }), 'b', START + 4 * DAY, START + 5 * DAY);
    const away = measurements.filter(
      ({ leg, at }) => leg === 'upload' || at < START + 4 * DAY - HOUR || at > START + 5 * DAY + HOUR,
    );
    expect(recommend(questionAbout(away)).ranked.find(({ registry }) => registry === 'b')?.gate.success.share).toBe(1);
  });
});

test('the same question is always answered the same', () => {
  const measurements = measured(BORDER, { noise: 0.3 });
  expect(recommend(questionAbout(measurements))).toEqual(recommend(questionAbout(measurements.toReversed())));
});

describe('hostile figures', () => {
  const honest = measured({ calm: flat(8), waving: waving(16) });
  const bad = fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 0, -0);
  const hostile = fc.record({
    registry: fc.constantFrom('calm', 'waving', '__proto__', 'unknown'),
    leg: fc.constantFrom('upload' as const, 'download' as const),
    round: fc.constantFrom('forged', 'constructor'),
    at: fc.oneof(bad, fc.integer({ min: START, max: last })),
    payloadBytes: fc.oneof(bad, fc.constant(16_000_000)),
    ok: fc.constant(true),
    setupSeconds: bad,
    rate: bad,
    suspect: fc.boolean(),
    stalls: bad,
    jitterMs: bad,
  });

  test('change nothing', () => {
    const expected = recommend(questionAbout(honest));
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 50 }), (forged) => {
        const candidates = [...expected.ranked].map(({ registry }) => ({ registry, costPerGb: null })).sort();
        const result = recommend({ ...questionAbout(honest), candidates, measurements: [...forged, ...honest] });
        expect(result.registry).toBe(expected.registry);
        expect(JSON.stringify(result)).not.toMatch(/"(p50|p95)":null/);
      }),
      { numRuns: 5 },
    );
  });

  test('reporting one round many times counts it once', () => {
    const once = recommend(questionAbout(honest));
    const twice = recommend(questionAbout([...honest, ...honest, ...honest]));
    expect(twice).toEqual(once);
  });
});

describe('an independent script', () => {
  const rates = fc.record({ rate: fc.double({ min: 3, max: 30, noNaN: true }), fail: fc.constantFrom(0, 0.02, 0.06) });
  const profile = fc.record({ day: rates, peak: rates });
  const worlds = fc.record({
    profiles: fc.record({ a: profile, b: profile, c: profile }),
    seed: fc.integer({ min: 1, max: 1_000 }),
    incumbent: fc.constantFrom(null, { registry: 'a', since: null }, { registry: 'b', since: last - 80 * HOUR }),
    roundsPerDay: fc.constantFrom(2, 8, 12),
  });

  test('comes to the same recommendation', () => {
    fc.assert(
      fc.property(worlds, ({ incumbent, ...simulation }) => {
        const measurements = simulate({ ...simulation, days: 8 });
        const question = questionAbout(measurements, { incumbent });
        const { state, registry, best } = recommend(question);
        expect({ state, registry, best }).toEqual(
          recommendIndependently({
            ...question,
            candidates: [...question.candidates],
            legs: [...question.legs],
            measurements: [...measurements],
          }),
        );
      }),
      { numRuns: 3, seed: 20261126 },
    );
  });
});

function verdicts({ ranked }: Recommendation): Record<string, string> {
  return Object.fromEntries(ranked.map(({ registry, verdict }) => [registry, verdict]));
}
