import type { Socket } from 'node:net';
import { isFailure } from '../kernel/failure.ts';
import type { Principal } from './principal.ts';

/** One way of knowing a caller by what it presents: a token of ours, an identity provider's. */
export type Authenticator = {
  /**
   * Who the secret stands for; undefined when it stands for nobody here, or no more. Rejects with `unauthenticated`
   * where it can be said why, and when it cannot be found out, such as with `not_ready` while an issuer's keys cannot be
   * had.
   */
  identify(secret: string): Promise<Principal | undefined>;
  /** The same without waiting, where that is possible: the way of calls whose whole cost is counted in microseconds. */
  identifyAtOnce?(secret: string): Principal | undefined;
};

/**
 * Asks each in turn; the first that knows the caller is believed. When none does, what one could not find out is told
 * before why another refuses.
 */
export function firstToKnow(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async identify(secret) {
      let trouble: { error: unknown } | undefined;
      for (const authenticator of authenticators) {
        try {
          const principal = await authenticator.identify(secret);
          if (principal !== undefined) return principal;
        } catch (error) {
          if (trouble === undefined || isFailure(trouble.error, 'unauthenticated')) trouble = { error };
        }
      }
      if (trouble !== undefined) throw trouble.error;
      return undefined;
    },
    identifyAtOnce(secret) {
      for (const authenticator of authenticators) {
        const principal = authenticator.identifyAtOnce?.(secret);
        if (principal !== undefined) return principal;
      }
      return undefined;
    },
  };
}

/** One way of knowing a caller by its connection alone: a client certificate that was verified in the TLS handshake. */
export type PeerAuthenticator = { identifyPeer(socket: Socket): Principal | undefined };
