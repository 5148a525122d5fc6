import type { Socket } from 'node:net';
import { Failure } from '../kernel/failure.ts';
import type { Authenticator, PeerAuthenticator } from './authenticator.ts';
import { findPresentedSecret } from './presented-secret.ts';
import { ALL_IMAGES, type Principal } from './principal.ts';

/** How a caller comes to the door. */
export type Approach = {
  /** The `Authorization` header. */
  readonly authorization?: string | undefined;
  /** The connection; absent where none is involved. */
  readonly socket?: Socket | undefined;
};

export type GatekeeperOptions = {
  readonly authenticator: Authenticator;
  readonly peers?: readonly PeerAuthenticator[];
  /** May callers without a token read? */
  readonly anonymous: () => 'none' | 'read';
};

const ANONYMOUS: Principal = { name: 'anonymous', role: 'ops', images: ALL_IMAGES, via: 'anonymous' };

/** Finds out who is calling, or turns the caller away. What it may do is another question. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  /**
   * Throws `unauthenticated`. A token that does not hold is refused also where callers without any are let in: whoever
   * shows one wants to be known by it.
   */
  async admit(approach: Approach): Promise<Principal> {
    const secret = findPresentedSecret(approach.authorization);
    if (secret === undefined) return this.#admitWithout(approach);
    const principal = await this.identify(secret, approach);
    if (principal !== undefined) return principal;
    throw new Failure(
      'unauthenticated',
      'The token is not one that holds here: it is unknown, has expired or was revoked',
    );
  }

  /** The same without waiting; undefined where that does not do, or the caller is nobody. */
  admitAtOnce({ authorization }: Approach): Principal | undefined {
    const secret = findPresentedSecret(authorization);
    return secret === undefined ? undefined : this.#options.authenticator.identifyAtOnce?.(secret);
  }

  /** Who a secret stands for; undefined for nobody. */
  identify(secret: string, _approach: Approach): Promise<Principal | undefined> {
    return this.#options.authenticator.identify(secret);
  }

  /** Who a caller without a token is; undefined where such are not let in. */
  get anonymous(): Principal | undefined {
    return this.#options.anonymous() === 'read' ? ANONYMOUS : undefined;
  }

  findPeer(socket: Socket | undefined): Principal | undefined {
    if (socket === undefined) return undefined;
    for (const peer of this.#options.peers ?? []) {
      const principal = peer.identifyPeer(socket);
      if (principal !== undefined) return principal;
    }
    return undefined;
  }

  #admitWithout({ authorization, socket }: Approach): Principal {
    const principal = this.findPeer(socket);
    if (principal !== undefined) return principal;
    if (authorization === undefined && this.anonymous !== undefined) return this.anonymous;
    throw new Failure(
      'unauthenticated',
      authorization === undefined
        ? 'This needs a token: send the header Authorization: Bearer TOKEN'
        : 'The Authorization header holds no token: it must be Bearer TOKEN, or Basic with the token as password',
    );
  }
}
