import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { Authenticator } from './authenticator.ts';
import type { Principal } from './principal.ts';
import { hashToken } from './token-secret.ts';

/** What a site's agent is told of a cluster's token: enough to know its bearer, nothing to become it. */
export type CopiedToken = {
  readonly name: string;
  readonly hash: string;
  readonly images: string[];
  readonly cluster: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
};

/**
 * The tokens of a site's clusters, as its copy of the answers has them: they hold there while the service is out of
 * reach. A token that was revoked meanwhile holds at the site until the copy has heard of it.
 */
export class CopiedTokens implements Authenticator {
  readonly #clock: Clock;
  #known: ReadonlyMap<string, { principal: Principal; expiresAt: number | null }> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(tokens: readonly CopiedToken[]): void {
    this.#known = new Map(
      tokens.map(({ name, hash, images, cluster, expiresAt }) => [
        hash,
        { principal: { name, role: 'cluster', images, cluster, via: 'token' }, expiresAt },
      ]),
    );
  }

  findByHash(hash: string): Principal | undefined {
    const known = this.#known?.get(hash);
    if (known === undefined) return undefined;
    return known.expiresAt === null || this.#clock.nowMs() < known.expiresAt ? known.principal : undefined;
  }

  identifyAtOnce(secret: string): Principal | undefined {
    return this.findByHash(hashToken(secret));
  }

  /** Throws `not_ready` while there is no copy. */
  async identify(secret: string): Promise<Principal | undefined> {
    if (this.#known === undefined)
      throw new Failure('not_ready', 'The agent has not had a copy of the answers from the service yet');
    return this.identifyAtOnce(secret);
  }
}
