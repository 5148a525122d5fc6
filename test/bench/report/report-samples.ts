import type { SampleFigures } from '../../../src/bench/report/figure-set.ts';
import { seededRandom } from '../../../src/bench/statistics/random.ts';

export const START = Date.parse('2026-03-01T00:00:00+08:00');

export type ReportSamples = {
  readonly count: number;
  readonly hours: number;
  readonly registries?: readonly string[];
  readonly payloads?: readonly number[];
  readonly seed?: number;
};

/** Samples at even distances, both legs of each registry in turn, with log-normal times. */
export function reportSamples(options: ReportSamples): SampleFigures[] {
  const { count, hours, registries = ['korea', 'singapore'], payloads = [16_000_000], seed = 1 } = options;
  const random = seededRandom(seed);
  const unit = () => (random(2 ** 30) + 1) / (2 ** 30 + 1);
  const kinds = registries.flatMap((registry) =>
    (['upload', 'download'] as const).flatMap((leg) =>
      payloads.map((payloadBytes) => ({ registry, leg, payloadBytes })),
    ),
  );
  return Array.from({ length: count }, (_, nth): SampleFigures => {
    const kind = kinds[nth % kinds.length] ?? { registry: '', leg: 'upload' as const, payloadBytes: 1 };
    const normal = Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
    const rate = 1e6 * Math.exp(0.5 * normal);
    const ok = unit() > 0.02;
    return {
      campaign: 'bench_1',
      site: kind.leg === 'upload' ? 'beijing' : 'us-east',
      ...kind,
      at: START + Math.floor((nth / count) * hours * 3_600_000),
      ok,
      suspect: false,
      stalled: unit() < 0.01,
      seconds: ok ? Math.min(1_800, 150e6 / rate) : 1_800,
      rate: ok ? rate : null,
      idleMs: 90 + 5 * unit(),
      loadedMs: 110 + 80 * unit(),
      jitterMs: 3 * unit(),
    };
  });
}
