import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { newId } from '../kernel/id.ts';
import type { Secret } from '../kernel/secret.ts';
import type { World } from '../regions/world.ts';
import type { Authenticator } from './authenticator.ts';
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
  readonly onError: (error: unknown) => void;
};

type Known = { readonly token: TokenRecord; readonly principal: Principal };

/** The name under which the administrator's first token acts. */
const FIRST_ADMIN = 'admin';

/**
 * The service's own tokens. All that hold are in memory, by the hash of their secret, so that knowing a caller costs
 * one hash; the store is written before that changes.
 */
export class Tokens implements Authenticator {
  readonly #options: TokensOptions;
  readonly #uses: TokenUseNotes;
  readonly #known = new Map<string, Known>();
  readonly #listeners: (() => void)[] = [];
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
      this.#tell();
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
      this.#tell();
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

  /** Makes this the administrator's first token in place of the one before it. A secret that was revoked stays so. */
  adoptFirstAdmin(secret: Secret): Promise<'adopted' | 'known' | 'revoked'> {
    return this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const hash = hashToken(secret.reveal());
      const known = this.#known.get(hash);
      if (known !== undefined) return 'known';
      if (await store.findTokenByHash(hash)) return 'revoked';
      const nowMs = clock.nowMs();
      const before = [...this.#known.values()].map(({ token }) => token).filter(({ origin }) => origin === 'start');
      const token: TokenRecord = {
        id: newId('tok', nowMs),
        name: FIRST_ADMIN,
        hash,
        role: 'admin',
        images: ALL_IMAGES,
        cluster: null,
        site: null,
        origin: 'start',
        createdAt: nowMs,
        createdBy: 'the service',
        expiresAt: null,
        lastUsedAt: null,
        revokedAt: null,
      };
      await store.addToken(token, { ids: before.map(({ id }) => id), at: nowMs });
      for (const each of before) this.#known.delete(each.hash);
      this.#know(token);
      this.#tell();
      return 'adopted';
    });
  }

  /** The tokens with which clusters of a site pull, as their agent needs to know them. */
  ofClusters(clusters: readonly string[]): readonly TokenRecord[] {
    return this.#held(this.#options.clock.nowMs()).filter(
      ({ cluster }) => cluster !== null && clusters.includes(cluster),
    );
  }

  /** Told after each change of which tokens hold. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
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

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** One change after the other, so that what a change looks at is still so when it is written. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(change);
    this.#writing = turn.catch(() => {});
    return turn;
  }
}
