import type { MeasuringBudget } from '../../regions/world.ts';
import type { BenchmarkStore } from './benchmark-store.ts';

const DAY_MS = 86_400_000;
/** What is dated later was taken by a clock that has been set back since. */
const AHEAD_MS = 3_600_000;

export type BytesAtRegistry = { readonly registry: string; readonly bytes: number };

/** Whose bytes of the day so many more would exceed: the registry's own, those of all together, or nobody's (null). */
export type BudgetLack = 'registry' | 'total' | null;

/** Compares with what the last 24 hours may hold. What failed counts whole. */
export async function findLack(
  store: Pick<BenchmarkStore, 'bytesSince'>,
  budget: MeasuringBudget,
  nowMs: number,
  want: BytesAtRegistry,
  /** What is being moved now, and is not in the store yet. */
  underWay: readonly BytesAtRegistry[] = [],
): Promise<BudgetLack> {
  const sinceMs = nowMs - DAY_MS;
  const bytesOf = (registry: string | null) => store.bytesSince(registry, sinceMs, nowMs + AHEAD_MS);
  const [there, all] = [await bytesOf(want.registry), await bytesOf(null)];
  const moving = (of: readonly BytesAtRegistry[]) => of.reduce((sum, { bytes }) => sum + bytes, want.bytes);
  const movingThere = moving(underWay.filter(({ registry }) => registry === want.registry));
  if (all + moving(underWay) > budget.bytesPerDay) return 'total';
  return there + movingThere > budget.bytesPerDayAndRegistry ? 'registry' : null;
}
