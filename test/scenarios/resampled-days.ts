import { seededRandom } from '../../src/bench/statistics/random.ts';
import type { RawSample } from '../support/independent-figures.ts';

const HOUR = 3_600_000;

export type RecordedWorlds = { readonly day: readonly RawSample[]; readonly evening: readonly RawSample[] };

/**
 * Days of hourly rounds up to an instant, drawn from what was recorded: in a round every registry and leg has a sample of
 * the same world, each drawn by itself and with replacement. The same seed draws the same.
 */
export function resampleDays(
  recorded: RecordedWorlds,
  days: number,
  until: number,
  seed: number,
): readonly RawSample[] {
  const below = seededRandom(seed);
  const pools = { day: poolsOf(recorded.day), evening: poolsOf(recorded.evening) };
  return Array.from({ length: days * 24 }, (_, hour) => {
    const at = until - (days * 24 - 1 - hour) * HOUR;
    const isEvening = below(1_000_000) < 1_000_000 * eveningShare(at);
    return [...pools[isEvening ? 'evening' : 'day']].map(([key, pool]): RawSample => {
      const drawn = pool[below(pool.length)];
      if (drawn === undefined) throw new Error(`nothing was recorded of ${key}`);
      return { ...drawn, id: `hour-${hour}.${key}`, round: `hour-${hour}`, at: new Date(at).toISOString() };
    });
  }).flat();
}

/** How probable the evening's slow hours are: a bell around 21:00 at Beijing, of 3.2 hours, as the simulation has them. */
function eveningShare(at: number): number {
  const fromPeak = ((at / HOUR + 8 - 21 + 12) % 24) - 12;
  return Math.exp(-(fromPeak ** 2) / (2 * 3.2 ** 2));
}

function poolsOf(samples: readonly RawSample[]): Map<string, RawSample[]> {
  return Map.groupBy(samples, ({ registry, leg }) => `${registry}.${leg}`);
}
