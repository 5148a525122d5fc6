import { readFileSync } from 'node:fs';

/** However long a process waits for a processor, after so many times its limit nobody waits for it any more. */
const MOST_TIMES = 10;

/**
 * A watch for how long a process takes by its own fault, in milliseconds: what its main thread waits for a processor is
 * the machine's, and does not count until that is nine tenths of all. So a limit finds a process that hangs, idle or
 * turning, and none that others leave no room. Where the kernel does not tell, all time counts.
 */
export function openOwnTime(pid: number | undefined): () => number {
  const startMs = performance.now();
  let waitedMs = 0;
  return () => {
    waitedMs = findWaitedMs(pid) ?? waitedMs;
    const elapsedMs = performance.now() - startMs;
    return Math.max(elapsedMs - waitedMs, elapsedMs / MOST_TIMES);
  };
}

/** Time runnable and not running: https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat. */
function findWaitedMs(pid: number | undefined): number | undefined {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return waitedNs === undefined ? undefined : Number(waitedNs) / 1e6;
  } catch {
    return undefined;
  }
}
