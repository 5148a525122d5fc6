import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { newId } from '../kernel/id.ts';
import type { Secret } from '../kernel/secret.ts';
import type { World } from '../regions/world.ts';
import type { Authenticator } from './authenticator.ts';
import type { CopiedToken } from './copied-tokens.ts';
import { ALL_IMAGES, type Principal } from './principal.ts';
import { holdsAt, type TokenRecord, toPrincipal } from './token-record.ts';
import { parseTokenScope, type TokenRequest } from './token-request.ts';
import { hashToken, newTokenSecret } from './token-secret.ts';
import type { TokenStore } from './token-store.ts';
import { TokenUseNotes } from './token-use-notes.ts';

export type TokensOptions = {
  readonly store: TokenStore;
  readonly world: Pick<World, 'clusters' | 'sites'>;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly onError: (error: unknown) => void;
};

type Known = { readonly token: TokenRecord; readonly principal: Principal };

/** The name under which the administrator's first token acts. */
export const FIRST_ADMIN = 'admin';

/**
 * The service's own tokens. All that hold are in memory, by the hash of their secret, so that knowing a caller costs
 * one hash; the store is written before that changes.
 */
export class Tokens implements Authenticator {
  readonly #options: TokensOptions;
  readonly #uses: TokenUseNotes;
  readonly #known = new Map<string, Known>();
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: TokensOptions) {
    this.#options = options;
    this.#uses = new TokenUseNotes(options);
  }

  static async open(options: TokensOptions): Promise<Tokens> {
    const tokens = new Tokens(options);
    for (const token of await options.store.unrevokedTokens()) tokens.#know(token);
    return tokens;
  }

  identifyAtOnce(secret: string): Principal | undefined {
    const known = this.#known.get(hashToken(secret));
    const nowMs = this.#options.clock.nowMs();
    if (known === undefined || !holdsAt(known.token, nowMs)) return undefined;
    this.#uses.note(known.token.id, nowMs);
    return known.principal;
  }

  /** The holder of the token with this hash, while it holds. */
  findByHash(hash: string): Principal | undefined {
    const known = this.#known.get(hash);
    return known !== undefined && holdsAt(known.token, this.#options.clock.nowMs()) ? known.principal : undefined;
  }

  async identify(secret: string): Promise<Principal | undefined> {
    return this.identifyAtOnce(secret);
  }

  /** Makes a token; its secret is told this once. Throws `validation_failed` and `token_exists`. */
  create(request: TokenRequest, createdBy: string): Promise<{ token: TokenRecord; secret: Secret }> {
    return this.#inTurn(async () => {
      const { clock, world, store } = this.#options;
      const nowMs = clock.nowMs();
      const scope = parseTokenScope(request, world, nowMs);
      const { name, role, expiresAt = null } = request;
      const holder = this.#held(nowMs).find((each) => each.name === name);
      if (holder !== undefined)
        throw new Failure(
          'token_exists',
          `A token that is called ${name} holds already (${holder.id}); revoke it or take another name`,
        );
      const secret = newTokenSecret();
      const token: TokenRecord = {
        ...scope,
        id: newId('tok', nowMs),
        name,
        role,
        hash: hashToken(secret.reveal()),
        origin: 'api',
        createdAt: nowMs,
        createdBy,
        expiresAt,
        lastUsedAt: null,
        revokedAt: null,
      };
      await store.addToken(token);
      this.#know(token);
      this.#tell(token.id);
      return { token, secret };
    });
  }

  /** Takes a token's power away at once; again, it changes nothing. Throws `token_unknown`. */
  revoke(id: string): Promise<TokenRecord> {
    return this.#inTurn(async () => {
      const { clock, store } = this.#options;
      const token = await store.revokeToken(id, clock.nowMs());
      if (token === undefined) throw new Failure('token_unknown', `There is no token ${id.slice(0, 80)}`);
      this.#known.delete(token.hash);
      this.#tell(token.id);
      return this.#withUse(token);
    });
  }

  async list(page: {
    limit: number;
    cursor?: string;
  }): Promise<{ items: readonly TokenRecord[]; next: string | null }> {
    const { items, next } = await this.#options.store.listTokens(page);
    return { items: items.map((token) => this.#withUse(token)), next };
  }

  /** Is there an administrator's token that holds? */
  get hasAdmin(): boolean {
    return this.#held(this.#options.clock.nowMs()).some(({ role }) => role === 'admin');
  }

  /**
   * Makes this the administrator's first token, in the place of the one that came the same way before, or of any with
   * `isOnly`. One that was revoked stays so.
   */
  adoptFirstAdmin(
    secret: Secret,
    origin: 'preset' | 'file',
    { isOnly = false } = {},
  ): Promise<'adopted' | 'known' | 'revoked'> {
    return this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const hash = hashToken(secret.reveal());
      const known = this.#known.get(hash);
      if (known === undefined && (await store.findTokenByHash(hash)) !== undefined) return 'revoked';
      const replaced = [...this.#known.values()]
        .map(({ token }) => token)
        .filter((token) => token.hash !== hash && (token.origin === origin || (isOnly && token.origin !== 'api')));
      if (known !== undefined && replaced.length === 0) return 'known';
      const nowMs = clock.nowMs();
      const token: TokenRecord = known?.token ?? {
        id: newId('tok', nowMs),
        name: FIRST_ADMIN,
        hash,
        role: 'admin',
        images: ALL_IMAGES,
        cluster: null,
        site: null,
        origin,
        createdAt: nowMs,
        createdBy: 'entrepot',
        expiresAt: null,
        lastUsedAt: null,
        revokedAt: null,
      };
      const gone = [...replaced, ...(known === undefined ? [] : [known.token])];
      await store.addToken(
        token,
        gone.map(({ id }) => id),
      );
      for (const each of replaced) this.#known.delete(each.hash);
      this.#know(token);
      this.#tell(token.id);
      return known === undefined ? 'adopted' : 'known';
    });
  }

  /** The tokens with which clusters of a site pull, as their agent needs to know them. */
  ofClusters(clusters: readonly string[]): CopiedToken[] {
    return this.#held(this.#options.clock.nowMs()).flatMap(({ role, name, hash, images, cluster, expiresAt }) =>
      role === 'cluster' && cluster !== null && clusters.includes(cluster)
        ? [{ name, hash, images: [...images], cluster, expiresAt }]
        : [],
    );
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#uses.close();
  }

  #held(nowMs: number): readonly TokenRecord[] {
    return [...this.#known.values()].map(({ token }) => token).filter((token) => holdsAt(token, nowMs));
  }

  #know(token: TokenRecord): void {
    this.#known.set(token.hash, { token, principal: toPrincipal(token) });
  }

  #withUse(token: TokenRecord): TokenRecord {
    return { ...token, lastUsedAt: this.#uses.find(token.id) ?? token.lastUsedAt };
  }

  #tell(id: string): void {
    this.#options.events.emit({ type: 'token.changed', id });
  }

  /** One change after the other, so that what a change looks at is still so when it is written. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(change);
    this.#writing = turn.catch(() => {});
    return turn;
  }
}
