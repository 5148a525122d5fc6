import type { BlockList, Socket } from 'node:net';
import { Failure, isFailure } from '../kernel/failure.ts';
import type { Authenticator, PeerAuthenticator } from './authenticator.ts';
import { type CallKind, type CallLimits, tooMany } from './call-limits.ts';
import { findCallerAddress } from './caller-address.ts';
import { findPresentedSecret } from './presented-secret.ts';
import { ALL_IMAGES, type Principal } from './principal.ts';

/** How a caller comes to the door. */
export type Approach = {
  /** The `Authorization` header. */
  readonly authorization?: string | undefined;
  /** The `X-Forwarded-For` header. */
  readonly forwardedFor?: string | undefined;
  /** The connection; absent where none is involved. */
  readonly socket?: Socket | undefined;
};

export type GatekeeperOptions = {
  readonly authenticator: Authenticator;
  readonly peers?: readonly PeerAuthenticator[];
  /** May callers without a token read? */
  readonly anonymous: () => 'none' | 'read';
  readonly limits: CallLimits;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies?: BlockList;
  /** Told of each attempt with a token that does not hold. */
  readonly onFailedLogin?: (address: string) => void;
  /** Told of each caller that is let in and speaks for the agent of a site. */
  readonly onAgent?: (site: string) => void;
};

const ANONYMOUS: Principal = { name: 'anonymous', role: 'ops', images: ALL_IMAGES, via: 'anonymous' };

/** Finds out who is calling, or turns the caller away. What it may do is another question. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  /**
   * Throws `unauthenticated` and `rate_limited`. A token that does not hold is refused also where callers without any
   * are let in: whoever shows one wants to be known by it. `onKnown` hears who it is before that counts.
   */
  async admit(
    approach: Approach,
    kind: CallKind = 'request',
    onKnown?: (principal: Principal) => void,
  ): Promise<Principal> {
    const secret = findPresentedSecret(approach.authorization);
    const principal = secret === undefined ? this.#admitWithout(approach) : await this.identify(secret, approach);
    if (principal === undefined)
      throw new Failure(
        'unauthenticated',
        'The token is not one that holds here: it is unknown, has expired or was revoked',
      );
    onKnown?.(principal);
    this.count(principal, kind, approach);
    if (principal.role === 'agent' && principal.site !== undefined) this.#options.onAgent?.(principal.site);
    return principal;
  }

  /** The same without waiting; undefined where that does not do, or where `admit` would throw. */
  admitAtOnce({ authorization, ...approach }: Approach, kind: CallKind = 'request'): Principal | undefined {
    const secret = findPresentedSecret(authorization);
    const principal = secret === undefined ? undefined : this.#options.authenticator.identifyAtOnce?.(secret);
    if (principal === undefined) return undefined;
    const waitMs = this.#options.limits.count(principal, kind, this.#countedAddress(principal, approach));
    return waitMs === undefined ? principal : undefined;
  }

  /**
   * Who a secret stands for; undefined for nobody, and `unauthenticated` where it can be said why: both count as a failed
   * login. Throws `rate_limited` after too many of those from one address; a secret that holds is known all the same.
   */
  async identify(secret: string, approach: Approach): Promise<Principal | undefined> {
    const principal = await this.recognise(secret).catch((error: unknown) => {
      if (isFailure(error, 'unauthenticated')) return error;
      throw error;
    });
    if (principal !== undefined && !(principal instanceof Failure)) return principal;
    const address = this.addressOf(approach);
    const waitMs = this.#options.limits.countFailedLogin(address);
    this.#options.onFailedLogin?.(address);
    if (waitMs !== undefined) throw tooMany('attempts with tokens that do not hold', waitMs);
    if (principal !== undefined) throw principal;
    return undefined;
  }

  /** Who a secret stands for, asked in passing: that it stands for nobody is counted by whoever asks next. */
  recognise(secret: string): Promise<Principal | undefined> {
    return this.#options.authenticator.identify(secret);
  }

  /** Counts a call. Throws `rate_limited`. */
  count(principal: Principal, kind: CallKind, approach: Approach): void {
    const waitMs = this.#options.limits.count(principal, kind, this.#countedAddress(principal, approach));
    if (waitMs !== undefined) throw tooMany(`calls by ${principal.name}`, waitMs);
  }

  /** Where a call comes from. */
  addressOf({ socket, forwardedFor }: Approach): string {
    return findCallerAddress(socket?.remoteAddress, forwardedFor, this.#options.proxies);
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

  /** Looked up only where it counts: the address of a socket costs a call of the system. */
  #countedAddress(principal: Principal, approach: Approach): string {
    return principal.via === 'anonymous' ? this.addressOf(approach) : '';
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
