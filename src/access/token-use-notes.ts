import type { Clock } from '../kernel/clock.ts';
import type { TokenStore } from './token-store.ts';

/** A last use is read by people who wonder whether a token can go: a minute is fine enough. */
const FLUSH_AFTER_MS = 60_000;

/** When tokens were used last, noted without making any request wait: in memory, written together once a minute. */
export class TokenUseNotes {
  readonly #store: Pick<TokenStore, 'recordTokenUses'>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #closing = new AbortController();
  #pending = new Map<string, number>();
  #scheduled: Promise<void> | null = null;

  constructor(options: {
    store: Pick<TokenStore, 'recordTokenUses'>;
    clock: Clock;
    onError: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#onError = options.onError;
  }

  note(id: string, atMs: number): void {
    this.#pending.set(id, atMs);
    if (!this.#closing.signal.aborted) this.#scheduled ??= this.#flushLater();
  }

  /** The last use that is not written yet. */
  find(id: string): number | undefined {
    return this.#pending.get(id);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#scheduled;
    await this.#flush();
  }

  async #flushLater(): Promise<void> {
    try {
      await this.#clock.sleep(FLUSH_AFTER_MS, this.#closing.signal);
    } catch {
      return;
    }
    await this.#flush();
    this.#scheduled = this.#pending.size > 0 ? this.#flushLater() : null;
  }

  async #flush(): Promise<void> {
    const uses = [...this.#pending].map(([id, at]) => ({ id, at }));
    if (uses.length === 0) return;
    this.#pending = new Map();
    try {
      await this.#store.recordTokenUses(uses);
    } catch (error) {
      this.#onError(error);
    }
  }
}
