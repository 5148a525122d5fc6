import { parseDuration } from '../kernel/duration.ts';

/** For checks that run beside the duration's own: undefined for what is none, which that one reports. */
export function findDuration(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}
