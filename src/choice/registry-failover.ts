/** Why and since when a registry is passed over. */
export type PassedOver = { readonly sinceMs: number; readonly reason: string };

type Seen = { failingSinceMs: number | null; wellSinceMs: number | null; reason: string; out: PassedOver | null };

/**
 * Which registries a site passes over because they fail there: one that failed at every look for `afterMs`, until it
 * did well at every look for `backMs`. A look that goes the other way starts the time anew. Instants are the caller's,
 * of a clock that never goes back.
 */
export class RegistryFailover {
  readonly #seen = new Map<string, Seen>();
  afterMs: number;
  backMs: number;

  constructor(times: { afterMs: number; backMs: number }) {
    this.afterMs = times.afterMs;
    this.backMs = times.backMs;
  }

  /** Notes a look: `failure` says what went wrong, null for nothing. Returns whether what is passed over has changed. */
  note(registry: string, failure: string | null, nowMs: number): boolean {
    const seen = this.#seen.get(registry) ?? { failingSinceMs: null, wellSinceMs: null, reason: '', out: null };
    this.#seen.set(registry, seen);
    const wasOut = seen.out !== null;
    if (failure === null) {
      seen.failingSinceMs = null;
      seen.wellSinceMs ??= nowMs;
      if (wasOut && nowMs - seen.wellSinceMs >= this.backMs) seen.out = null;
    } else {
      seen.wellSinceMs = null;
      seen.failingSinceMs ??= nowMs;
      seen.reason = failure;
      const isLong = nowMs - seen.failingSinceMs >= this.afterMs;
      if (wasOut || isLong) seen.out = { sinceMs: seen.failingSinceMs, reason: failure };
    }
    return wasOut !== (seen.out !== null);
  }

  /** Undefined while it may be used. */
  find(registry: string): PassedOver | undefined {
    return this.#seen.get(registry)?.out ?? undefined;
  }
}
