import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { AccessLimits } from '../regions/world.ts';
import { callerNetwork } from './caller-address.ts';
import type { Principal } from './principal.ts';
import { RateLimiter } from './rate-limiter.ts';

/** What is counted apart: resolving is asked most and costs least, the OCI door is asked in long bursts. */
export type CallKind = 'request' | 'resolve' | 'door';

/** Seconds' worth of calls that may come at once. */
const BURST_SECONDS = 4;

export const DEFAULT_ACCESS_LIMITS: AccessLimits = {
  requestsPerSecond: 500,
  resolvesPerSecond: 20_000,
  doorRequestsPerSecond: 2_000,
  failedLoginsPerMinute: 60,
};

/**
 * Keeps one caller from taking everybody's turn. Known callers are counted by who they are, wherever they call from;
 * all others by their address, of IPv6 by the network that a host has for itself. A token that holds is never refused for what others at its address did.
 */
export class CallLimits {
  readonly #kinds: Readonly<Record<CallKind, RateLimiter>>;
  readonly #failedLogins: RateLimiter;

  constructor(limits: AccessLimits, clock: Pick<Clock, 'elapsedMs'>) {
    const limiter = (perSecond: number) =>
      new RateLimiter({ perSecond, burst: Math.max(1, perSecond * BURST_SECONDS) }, clock);
    this.#kinds = {
      request: limiter(limits.requestsPerSecond),
      resolve: limiter(limits.resolvesPerSecond),
      door: limiter(limits.doorRequestsPerSecond),
    };
    const { failedLoginsPerMinute } = limits;
    this.#failedLogins = new RateLimiter(
      { perSecond: failedLoginsPerMinute / 60, burst: failedLoginsPerMinute },
      clock,
    );
  }

  /** How long the caller has to wait, milliseconds; undefined when its turn is now. */
  count(caller: Principal, kind: CallKind, address: string): number | undefined {
    const key = caller.via === 'anonymous' ? `at ${callerNetwork(address)}` : `${caller.via} ${caller.name}`;
    return this.#kinds[kind].take(key);
  }

  /** The same of an attempt with a token that does not hold. */
  countFailedLogin(address: string): number | undefined {
    return this.#failedLogins.take(callerNetwork(address));
  }
}

export function tooMany(what: string, retryAfterMs: number): Failure {
  return new Failure('rate_limited', `Too many ${what}: try again in ${Math.ceil(retryAfterMs / 1_000)} s`, {
    retryAfterMs,
  });
}
