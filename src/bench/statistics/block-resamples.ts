import { seededRandom } from './random.ts';

/** One way the blocks might have come out: how often each block is taken, and how probable that is. */
export type Resample = { readonly counts: Uint8Array; readonly weight: number };

/**
 * The bootstrap over blocks: as many blocks are drawn, with replacement, as there are. Blocks are days, because what is
 * measured within one day depends on what was measured before (Künsch, Annals of Statistics 17, 1989).
 *
 * Where there are no more than `limit` different outcomes, all of them are given with their multinomial probability:
 * the ideal bootstrap of Efron and Tibshirani (1993, chapter 6), without any chance in it. Seven days have 1,716.
 * Beyond that `limit` outcomes are drawn from `seed`, all equally weighted. Weights sum to 1.
 */
export function blockResamples(blocks: number, options: { limit: number; seed: number }): readonly Resample[] {
  if (blocks === 0) return [];
  return countOutcomes(blocks) <= options.limit ? everyOutcome(blocks) : drawOutcomes(blocks, options);
}

/** The number of multisets of `blocks` out of `blocks`: (2n - 1) over n. */
function countOutcomes(blocks: number): number {
  let count = 1;
  for (let step = 1; step <= blocks; step += 1) count = (count * (blocks - 1 + step)) / step;
  return Math.round(count);
}

function everyOutcome(blocks: number): Resample[] {
  const resamples: Resample[] = [];
  const counts = new Uint8Array(blocks);
  const factorials = [1];
  for (let n = 1; n <= blocks; n += 1) factorials.push((factorials[n - 1] ?? 1) * n);
  const fill = (block: number, left: number, ways: number) => {
    if (block === blocks - 1) {
      counts[block] = left;
      const weight = ways / (factorials[left] ?? 1) / blocks ** blocks;
      resamples.push({ counts: counts.slice(), weight });
      return;
    }
    for (let count = 0; count <= left; count += 1) {
      counts[block] = count;
      fill(block + 1, left - count, ways / (factorials[count] ?? 1));
    }
  };
  fill(0, blocks, factorials[blocks] ?? 1);
  return resamples;
}

function drawOutcomes(blocks: number, { limit, seed }: { limit: number; seed: number }): Resample[] {
  const random = seededRandom(seed);
  return Array.from({ length: limit }, () => {
    const counts = new Uint8Array(blocks);
    for (let drawn = 0; drawn < blocks; drawn += 1) {
      const block = random(blocks);
      counts[block] = (counts[block] ?? 0) + 1;
    }
    return { counts, weight: 1 / limit };
  });
}
