import type { Sample } from '../sample.ts';

/** Takes a sample that has failed when it has not ended by then, so that the others are not held up for longer. */
export async function takeWithin(
  limitMs: number,
  signal: AbortSignal,
  take: (signal: AbortSignal) => Promise<Sample>,
): Promise<Sample> {
  const deadline = AbortSignal.timeout(limitMs);
  const sample = await take(AbortSignal.any([signal, deadline]));
  return deadline.aborted && !signal.aborted ? tooSlow(sample, limitMs) : sample;
}

/** Says that time was up, where the sample tells only what was cut off by that. */
function tooSlow(sample: Sample, limitMs: number): Sample {
  if (sample.error === null) return sample;
  const { step, detail } = sample.error;
  const told = `not done within ${Math.round(limitMs / 1_000)} s, which is too slow for the reference image; ${detail}`;
  return { ...sample, error: { code: 'deadline_exceeded', step, detail: told.slice(0, 500) } };
}
