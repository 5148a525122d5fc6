import type { PathObservation } from './path-observation.ts';

/**
 * Which size of payload the rule goes by: of the sizes that were measured, the nearest to the reference (as a ratio)
 * of which every registry has enough rounds; where there is none, the one with the most rounds, the nearest of equals.
 * Sizes are never mixed: a small payload never leaves slow start. Undefined without observations.
 */
export function choosePayload(
  observations: readonly PathObservation[],
  referenceBytes: number,
  enoughSamples: number,
): number | undefined {
  const registries = new Set(observations.map(({ registry }) => registry));
  const counts = new Map<number, Map<string, number>>();
  for (const { payloadBytes, registry } of observations) {
    const bySize = counts.get(payloadBytes) ?? new Map<string, number>();
    counts.set(payloadBytes, bySize.set(registry, (bySize.get(registry) ?? 0) + 1));
  }
  const distance = (bytes: number) => Math.abs(Math.log(bytes / referenceBytes));
  const nearestFirst = [...counts].sort(([a], [b]) => distance(a) - distance(b) || b - a);
  const enough = nearestFirst.find(([, by]) => [...registries].every((name) => (by.get(name) ?? 0) >= enoughSamples));
  if (enough !== undefined) return enough[0];
  const total = (by: Map<string, number>) => by.values().reduce((sum, count) => sum + count, 0);
  return nearestFirst.toSorted(([, a], [, b]) => total(b) - total(a))[0]?.[0];
}
