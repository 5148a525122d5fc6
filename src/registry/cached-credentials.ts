import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Credentials, CredentialsProvider } from './credentials.ts';
import { untilAborted } from './until-aborted.ts';

/** Credentials with how long they may be used. */
export type LeasedCredentials = { readonly credentials: Credentials; readonly goodForMs: number };

/** Fetches once for all who ask meanwhile, and again when the time is up or the credentials were refused. */
export function cachedCredentials(
  fetch: () => Promise<LeasedCredentials>,
  clock: Clock = systemClock,
): Required<CredentialsProvider> {
  let held: { credentials: Credentials; untilMs: number } | undefined;
  let fetching: Promise<Credentials> | undefined;

  async function refresh(): Promise<Credentials> {
    const { credentials, goodForMs } = await fetch();
    held = { credentials, untilMs: clock.elapsedMs() + goodForMs };
    return credentials;
  }

  return {
    async get(signal) {
      if (held !== undefined && clock.elapsedMs() < held.untilMs) return held.credentials;
      fetching ??= refresh().finally(() => {
        fetching = undefined;
      });
      return await untilAborted(fetching, signal);
    },
    renew(refused) {
      // Of many requests that were refused at once only the first one finds the credentials still held.
      if (held?.credentials === refused) held = undefined;
    },
  };
}
