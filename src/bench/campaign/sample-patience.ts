/** For what does not depend on the size: connecting, logging in, the repository, the probes before the body. */
const SETTING_UP_MS = 60_000;

/**
 * How long a sample may take: as long as its size takes at the slowest rate with which the reference image is still in
 * time. What is slower has failed by the rule of the recommendation; waiting for it longer only holds up the others.
 */
export function samplePatienceMs(
  payloadBytes: number,
  { referenceBytes, deadlineMs }: { readonly referenceBytes: number; readonly deadlineMs: number },
): number {
  return SETTING_UP_MS + Math.ceil((payloadBytes / referenceBytes) * deadlineMs);
}
