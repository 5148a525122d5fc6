import type { ExpectedTime } from './path-run.ts';

type Times = Pick<ExpectedTime, 'medianMs' | 'p90Ms'>;

/** The legs of a registry that a queued one waits for. */
export type QueueAhead = {
  /** Legs that the registry may have under way. */
  readonly places: number;
  /** How long those under way will still take. */
  readonly running: readonly Times[];
  /** Queued ones that are claimed before it. */
  readonly queued: number;
  /** What each of these is expected to take. */
  readonly each: Times;
};

/**
 * How long a queued leg waits for its place: those before it take the places as they become free. Null where it is not
 * known how long one of them takes. With the ninetieth percentile of each it is no percentile of their sum, but above it.
 */
export function expectedWait(ahead: QueueAhead): Times {
  return { medianMs: waitFor(ahead, 'medianMs'), p90Ms: waitFor(ahead, 'p90Ms') };
}

/** What is expected of a leg from now on, the wait for its place included. */
export function afterWait(leg: ExpectedTime, wait: Times): ExpectedTime {
  const sum = (one: number | null, other: number | null) => (one === null || other === null ? null : one + other);
  return { ...leg, medianMs: sum(leg.medianMs, wait.medianMs), p90Ms: sum(leg.p90Ms, wait.p90Ms) };
}

function waitFor({ places, running, queued, each }: QueueAhead, figure: keyof Times): number | null {
  const free: (number | null)[] = running.map((leg) => leg[figure]);
  if (free.length + queued < places) return 0;
  while (free.length < places) free.push(0);
  const eachMs = each[figure];
  if (free.includes(null) || (queued > 0 && eachMs === null)) return null;
  const freeAt = free.map((ms) => ms ?? 0);
  for (let before = 0; before <= queued; before += 1) {
    const soonest = Math.min(...freeAt);
    if (before === queued) return soonest;
    freeAt[freeAt.indexOf(soonest)] = soonest + (eachMs ?? 0);
  }
  return null;
}
