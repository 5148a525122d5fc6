import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until `condition` gives something other than `undefined`, `false` or an error, and answers
 * that. When the deadline passes it throws what was wrong last: for things that happen in their own time, where
 * there is no event to wait for. The deadline is on the wall, or on `elapsedMs`.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: { deadlineMs?: number; everyMs?: number; what?: string; elapsedMs?: () => number } = {},
): Promise<Exclude<T, undefined | false>> {
  const { deadlineMs = 10_000, everyMs = 10, what = 'the condition' } = options;
  const startMs = performance.now();
  const { elapsedMs = () => performance.now() - startMs } = options;
  let last: unknown;
  do {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  } while (elapsedMs() < deadlineMs);
  throw new Error(`${what} did not come true within ${deadlineMs} ms`, { cause: last });
}
