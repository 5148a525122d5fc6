import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import { coversScopes, type Scope } from './scope.ts';
import { untilAborted } from './until-aborted.ts';

/** A bearer token and for how long, from its receipt on, it may be used. */
export type IssuedToken = { readonly token: Secret; readonly goodForMs: number };

export type TokenCache = {
  /** A token for these scopes: one that is held and not about to expire, or a new one, fetched once for all who ask. */
  get(scopes: readonly Scope[], fetch: () => Promise<IssuedToken>, signal?: AbortSignal): Promise<Secret>;
  /** This token was refused. */
  drop(token: string): void;
  clear(): void;
};

type Held = { readonly scopes: readonly Scope[]; readonly token: Secret; readonly untilMs: number };

/** Scope sets are few in real use; one client that walks over a whole registry must not grow without end. */
const MAX_HELD = 1_000;

export function openTokenCache(clock: Clock = systemClock): TokenCache {
  const held = new Map<string, Held>();
  const fetching = new Map<string, Promise<Secret>>();

  function find(key: string, scopes: readonly Scope[]): Secret | undefined {
    const nowMs = clock.elapsedMs();
    const isGood = (entry: Held | undefined): entry is Held => entry !== undefined && nowMs < entry.untilMs;
    const exact = held.get(key);
    if (isGood(exact)) return exact.token;
    if (scopes.length === 0) return undefined;
    // The token of a push does for the reads around it.
    return held.values().find((entry) => isGood(entry) && coversScopes(entry.scopes, scopes))?.token;
  }

  function keep(key: string, scopes: readonly Scope[], issued: IssuedToken): Secret {
    // Renewed well before its end, since a request that is queued or slow to start must still find it valid.
    const marginMs = Math.min(30_000, issued.goodForMs / 4);
    held.delete(key);
    held.set(key, { scopes, token: issued.token, untilMs: clock.elapsedMs() + issued.goodForMs - marginMs });
    const oldest = held.keys().next();
    if (held.size > MAX_HELD && oldest.done !== true) held.delete(oldest.value);
    return issued.token;
  }

  return {
    async get(scopes, fetch, signal) {
      const key = scopes.join(' ');
      const found = find(key, scopes);
      if (found !== undefined) return found;
      let flight = fetching.get(key);
      if (flight === undefined) {
        flight = fetch()
          .then((issued) => keep(key, scopes, issued))
          .finally(() => fetching.delete(key));
        fetching.set(key, flight);
      }
      return await untilAborted(flight, signal);
    },
    drop(token) {
      for (const [key, entry] of held) if (entry.token.reveal() === token) held.delete(key);
    },
    clear: () => held.clear(),
  };
}
