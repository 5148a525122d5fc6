import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { findRefusal } from '../../access/allowance.ts';
import type { Approach, Gatekeeper } from '../../access/gatekeeper.ts';
import type { Permission } from '../../access/permissions.ts';
import { findPresentedSecret } from '../../access/presented-secret.ts';
import type { Principal } from '../../access/principal.ts';
import { hashToken } from '../../access/token-secret.ts';
import { LoginAccess, type RegistryIdentities } from '../../api/v2/login-access.ts';
import { withoutCluster } from '../../api/v2/pulling-cluster.ts';
import type { RegistryAccess } from '../../api/v2/registry-access.ts';
import { SignedTokens, type TokenKeys } from '../../api/v2/signed-token.ts';
import type { Clock } from '../../kernel/clock.ts';

const PERMISSION_OF = { pull: 'door.pull', push: 'door.push', delete: 'door.delete' } as const satisfies Record<
  string,
  Permission
>;
/** A little longer than the door's own tokens, which speak of whom they were given to. */
const REMEMBERED_MS = 310_000;
const MAX_REMEMBERED = 10_000;

export type DoorIdentitiesOptions = {
  readonly gatekeeper: Gatekeeper;
  /** Whose token has this hash, while it holds. */
  readonly findByHash: (hash: string) => Principal | undefined;
  /** Asked for each request: clusters may change. */
  readonly clusters: () => readonly { readonly name: string }[];
  readonly clock: Clock;
  /** Of the door's own tokens. */
  readonly keys: TokenKeys;
  /** What callers without a token of ours are known by, as text: a voucher holds while it is the same. Without it there are none. */
  readonly rules?: string;
};

/**
 * Who logs in at the OCI door. The protocol's own short-lived tokens name their holder by the hash of what it logged in
 * with; whether that still holds is looked up at each request, so that a revoked token is nobody at once. Callers that
 * have no token of ours are remembered for as long as a token of the door lasts, and vouched for in it: the process after
 * this one knows them by that, unless it has other rules.
 */
export class DoorIdentities {
  readonly #options: DoorIdentitiesOptions;
  readonly #tokens: SignedTokens;
  readonly #remembered = new Map<string, { principal: Principal; untilMs: number }>();
  readonly #login: LoginAccess;
  readonly #rules: string | undefined;

  constructor(options: DoorIdentitiesOptions) {
    this.#options = options;
    const { rules } = options;
    this.#rules = rules === undefined ? undefined : createHash('sha256').update(rules).digest('base64url');
    this.#tokens = new SignedTokens(options.keys);
    this.#login = new LoginAccess(this.#identities(undefined), options.clock.nowMs, this.#tokens);
  }

  /** Access to the images as a cluster sees them, or, without one, to what was pushed here. */
  access(cluster: string | undefined): RegistryAccess {
    if (cluster === undefined) return this.#login;
    return new LoginAccess(this.#identities(cluster), this.#options.clock.nowMs, this.#tokens);
  }

  /** Who a request comes from, as far as that can be told in passing: it is not let in by this, nor counted. */
  async findPrincipal(request: IncomingMessage): Promise<Principal | undefined> {
    const { gatekeeper, clock } = this.#options;
    const secret = findPresentedSecret(request.headers.authorization);
    if (secret === undefined) return gatekeeper.findPeer(request.socket) ?? gatekeeper.anonymous;
    const claims = this.#tokens.find(secret, clock.nowMs());
    if (claims === undefined) return gatekeeper.recognise(secret).catch(() => undefined);
    return this.#find(claims.subject) ?? findVouched(claims.voucher, this.#rules);
  }

  /**
   * Is a request part of a push, as far as can be told? A token of the door that was asked for to push is; whoever shows
   * another credential may be pushing if it is allowed. Told in passing, as `findPrincipal`.
   */
  async mayBePushing(request: IncomingMessage, repository: string): Promise<boolean> {
    const secret = findPresentedSecret(request.headers.authorization);
    const claims = secret === undefined ? undefined : this.#tokens.find(secret, this.#options.clock.nowMs());
    if (claims !== undefined) return claims.asked.includes(`${repository} push`);
    const principal = await this.findPrincipal(request);
    return principal !== undefined && findRefusal(principal, 'door.push', { images: [repository] }) === undefined;
  }

  /** Where a request comes from. */
  addressOf(request: IncomingMessage): string {
    return this.#options.gatekeeper.addressOf(approachOf(request));
  }

  #identities(cluster: string | undefined): RegistryIdentities {
    const { gatekeeper, clusters } = this.#options;
    const refusal = (principal: Principal, repository: string, action: keyof typeof PERMISSION_OF) => {
      // A token of the door is asked for before it is known for which cluster: then it is for the caller's own.
      const meant = cluster ?? principal.cluster;
      const about = { images: [repository], ...(meant === undefined ? {} : { cluster: meant }) };
      return findRefusal(principal, PERMISSION_OF[action], about);
    };
    return {
      identify: async (secret, request) => {
        const principal = await gatekeeper.identify(secret, approachOf(request));
        if (principal === undefined) return undefined;
        return this.#remember(hashToken(secret), principal);
      },
      withoutSecret: (request) => {
        const peer = gatekeeper.findPeer(request.socket);
        if (peer !== undefined) return { subject: this.#remember(`peer:${peer.name}`, peer), isKnown: true };
        const { anonymous } = gatekeeper;
        if (anonymous === undefined) return undefined;
        return { subject: this.#remember('anonymous', anonymous), isKnown: false };
      },
      count: (subject, request) => {
        const principal = this.#find(subject);
        if (principal !== undefined) gatekeeper.count(principal, 'door', approachOf(request));
      },
      vouch: (subject) => this.#vouch(subject),
      holds: (subject, voucher) => {
        if (this.#find(subject) !== undefined) return true;
        const vouched = findVouched(voucher, this.#rules);
        if (vouched !== undefined) this.#remember(subject, vouched);
        return vouched !== undefined;
      },
      storedName: (spelt) => withoutCluster(spelt, clusters()),
      may: async (subject, repository, action) => {
        const principal = this.#find(subject);
        return principal !== undefined && refusal(principal, repository, action) === undefined;
      },
      whyNot: (subject, repository, action) => {
        const principal = this.#find(subject);
        return principal === undefined ? undefined : refusal(principal, repository, action);
      },
    };
  }

  /** Only for whom nothing else remembers: what our own tokens stand for is looked up each time. */
  #vouch(subject: string): Voucher | undefined {
    const principal = this.#options.findByHash(subject) === undefined ? this.#find(subject) : undefined;
    const rules = this.#rules;
    return rules !== undefined && principal !== undefined && isVouchedFor(principal) ? { rules, principal } : undefined;
  }

  #find(subject: string): Principal | undefined {
    const known = this.#options.findByHash(subject);
    if (known !== undefined) return known;
    const remembered = this.#remembered.get(subject);
    return remembered !== undefined && this.#options.clock.elapsedMs() < remembered.untilMs
      ? remembered.principal
      : undefined;
  }

  #remember(subject: string, principal: Principal): string {
    if (this.#options.findByHash(subject) !== undefined) return subject;
    this.#remembered.delete(subject);
    this.#remembered.set(subject, { principal, untilMs: this.#options.clock.elapsedMs() + REMEMBERED_MS });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    return subject;
  }
}

/** Who a token of the door was given to, in the token itself, where no process remembers it; and by which rules. */
type Voucher = { readonly rules: string; readonly principal: Principal };

const isVouchedFor = ({ via }: Principal) => via === 'oidc' || via === 'certificate';

/** What a process of this service has vouched for by the same rules; the token that holds it is ours, and young. */
function findVouched(voucher: unknown, rules: string | undefined): Principal | undefined {
  const { rules: theirs, principal } = (voucher ?? {}) as Partial<Voucher>;
  return rules !== undefined && theirs === rules && principal !== undefined && isVouchedFor(principal)
    ? principal
    : undefined;
}

function approachOf(request: IncomingMessage): Approach {
  const forwardedFor = request.headers['x-forwarded-for'];
  return { socket: request.socket, ...(typeof forwardedFor === 'string' ? { forwardedFor } : {}) };
}
