import type { MeasuringBudget } from '../../regions/world.ts';
import type { BenchmarkStore } from './benchmark-store.ts';

const DAY_MS = 86_400_000;

/** Is there room for so many bytes more, within what the last 24 hours may hold? What failed counts whole. */
export async function hasRoom(
  store: Pick<BenchmarkStore, 'bytesSince'>,
  budget: MeasuringBudget,
  nowMs: number,
  want: { readonly registry: string; readonly bytes: number },
): Promise<boolean> {
  const sinceMs = nowMs - DAY_MS;
  const [there, all] = [await store.bytesSince(want.registry, sinceMs), await store.bytesSince(null, sinceMs)];
  return there + want.bytes <= budget.bytesPerDayAndRegistry && all + want.bytes <= budget.bytesPerDay;
}
