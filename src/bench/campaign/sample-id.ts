import type { RoundStep } from './round-order.ts';

/** The same step of the same round is the same sample, however often it is tried: it is recorded once. */
export function sampleId(benchmark: string, round: number, { registry, leg, payloadBytes, site }: RoundStep): string {
  const id = `${benchmark}.${String(round + 1).padStart(6, '0')}.${registry}.${leg}.${payloadBytes}`;
  return site === undefined ? id : `${id}.${site}`;
}
