import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Clock } from '../../kernel/clock.ts';
import { Failure, toFailure } from '../../kernel/failure.ts';

export type LocalKeys = ReturnType<typeof createLocalJWKSet>;

export type IssuerKeysOptions = {
  /** Reads the key set, from wherever it is. */
  readonly read: () => Promise<JSONWebKeySet>;
  readonly clock: Clock;
  /** Told once when the keys cannot be had any more, and when they can again. */
  readonly onTrouble?: (trouble: { readonly detail: string } | undefined) => void;
};

/** Keys of this age are asked for again, beside the calls. */
const FRESH_MS = 10 * 60_000;
/** Whatever callers present, the issuer is not asked more often. */
const PAUSE_MS = 30_000;
/** Keys that nobody could confirm for so long are believed no more: one of them may have been withdrawn. */
const KEPT_MS = 24 * 3_600_000;

/**
 * An issuer's keys. They are kept while the issuer is away, renewed beside the calls, and asked for again when a token
 * names a key that is not among them, but never more than once in half a minute.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: { readonly set: LocalKeys; readonly atMs: number } | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #trouble: Failure | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Throws `not_ready` while there are none. */
  async get(): Promise<LocalKeys> {
    const usable = this.#usable();
    if (usable === undefined) await this.#ask();
    else if (this.#nowMs() - usable.atMs > FRESH_MS) void this.#ask();
    return this.#usableSet();
  }

  /** The keys after the issuer was asked whether there are others by now; the same ones where it was asked just before. */
  async renewed(): Promise<LocalKeys> {
    await this.#ask();
    return this.#usableSet();
  }

  #usableSet(): LocalKeys {
    const usable = this.#usable();
    if (usable !== undefined) return usable.set;
    const why = this.#trouble === undefined ? '' : `: ${this.#trouble.message}`;
    throw new Failure('not_ready', `the issuer's keys cannot be had at the moment${why}`, { cause: this.#trouble });
  }

  #usable() {
    return this.#keys !== undefined && this.#nowMs() - this.#keys.atMs <= KEPT_MS ? this.#keys : undefined;
  }

  /** Never rejects: what came of it is in the fields. */
  #ask(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    if (this.#nowMs() - this.#askedAtMs < PAUSE_MS) return Promise.resolve();
    this.#askedAtMs = this.#nowMs();
    this.#asking = this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    try {
      this.#keys = { set: createLocalJWKSet(await this.#options.read()), atMs: this.#nowMs() };
      if (this.#trouble !== undefined) this.#options.onTrouble?.(undefined);
      this.#trouble = undefined;
    } catch (error) {
      const failure = toFailure(error);
      if (this.#trouble === undefined) this.#options.onTrouble?.({ detail: failure.message });
      this.#trouble = failure;
    }
  }

  /** Time that passed, not the wall clock: that may be set. */
  #nowMs(): number {
    return this.#options.clock.elapsedMs();
  }
}
