import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/id.ts';
import type { AuditEntry, AuditFilter, NewAuditEntry } from './audit-entry.ts';
import type { AuditStore } from './audit-store.ts';

/** Failed logins from one address are one entry for so long. */
const FOLD_MS = 10 * 60_000;
const MAX_ADDRESSES = 1_000;

export type AuditTrailOptions = {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

/**
 * What was done, by whom, to what, from where and how it ended. Whoever records waits until it is durable, so that
 * nothing is answered as done that the log does not have; what is recorded at the same time is written together.
 */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #closing = new AbortController();
  /** Failed logins since the first entry about an address, by address. */
  readonly #folded = new Map<string, number>();
  #pending: AuditEntry[] = [];
  #writing: Promise<void> = Promise.resolve();
  #upkeep: Promise<void> = Promise.resolve();

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Begins to fold. */
  start(): void {
    this.#upkeep = this.#keepFolding();
  }

  /** What cannot be written is told to `onError`, and rejects. */
  record(entry: NewAuditEntry): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    this.#pending.push({
      who: null,
      role: null,
      via: null,
      address: null,
      about: null,
      code: null,
      detail: null,
      count: 1,
      requestId: null,
      ...entry,
      id: newId('aud', nowMs),
      at: nowMs,
    });
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  /** An attempt with a token that does not hold. The first from an address is told at once, the rest in one entry. */
  noteFailedLogin(address: string): void {
    const folded = this.#folded.get(address);
    if (folded !== undefined) {
      this.#folded.set(address, folded + 1);
      return;
    }
    if (this.#folded.size >= MAX_ADDRESSES) return;
    this.#folded.set(address, 0);
    this.record(failedLogin(address, 1)).catch(() => {});
  }

  list(
    filter: AuditFilter,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: readonly AuditEntry[]; next: string | null }> {
    return this.#options.store.listEntries(filter, page);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#upkeep;
    this.#unfold();
    await this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    const entries = this.#pending;
    if (entries.length === 0) return;
    this.#pending = [];
    try {
      await this.#options.store.appendEntries(entries);
    } catch (error) {
      this.#options.onError(error);
      throw error;
    }
  }

  #unfold(): void {
    for (const [address, count] of this.#folded)
      if (count > 0) this.record(failedLogin(address, count)).catch(() => {});
    this.#folded.clear();
  }

  async #keepFolding(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#options.clock.sleep(FOLD_MS, signal).catch(() => {});
      if (!signal.aborted) this.#unfold();
    }
  }
}

function failedLogin(address: string, count: number): NewAuditEntry {
  return { action: 'login', outcome: 'refused', code: 'unauthenticated', address, count };
}
