import type { Clock } from '../kernel/clock.ts';
import type { ChoiceStore } from './choice-store.ts';
import type { IndexedDigest } from './indexed-digest.ts';

/** A release as an object that stays the same while it can be resolved. */
type UsedRelease = Pick<IndexedDigest, 'name' | 'sourceDigest'>;

type Use = Parameters<ChoiceStore['recordUses']>[0][number];

/** Uses only guide backfills, which look back over days: finer than this is of no use to anyone. */
const ONCE_PER_MS = 60_000;
const FLUSH_AFTER_MS = 10_000;
/** Above this uses are dropped until the next flush. */
const MAX_PENDING = 50_000;
const BATCH = 1_000;

/** Remembers which releases clusters resolve, without making any of them wait: noted in memory, written in batches. */
export class UseRecorder {
  readonly #store: Pick<ChoiceStore, 'recordUses'>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #closing = new AbortController();
  /** When each release was last noted, by cluster. Those of the last minute only. */
  readonly #noted = new Map<string, Map<UsedRelease, number>>();
  #pending: Use[] = [];
  #scheduled: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { store: Pick<ChoiceStore, 'recordUses'>; clock: Clock; onError?: (error: unknown) => void }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#onError = options.onError ?? (() => {});
  }

  note(release: UsedRelease, cluster: string, atMs: number): void {
    let noted = this.#noted.get(cluster);
    if (noted === undefined) {
      noted = new Map();
      this.#noted.set(cluster, noted);
    }
    const last = noted.get(release);
    // The clock may jump either way.
    if (last !== undefined && Math.abs(atMs - last) < ONCE_PER_MS) return;
    if (this.#pending.length >= MAX_PENDING || this.#closing.signal.aborted) return;
    noted.set(release, atMs);
    this.#pending.push({ name: release.name, digest: release.sourceDigest, cluster, at: atMs });
    this.#scheduled ??= this.#flushLater();
  }

  /** Writes what has been noted so far. What cannot be written is lost, and said so. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writePending());
    return this.#writing;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#scheduled;
    await this.flush();
    this.#noted.clear();
  }

  async #flushLater(): Promise<void> {
    try {
      await this.#clock.sleep(FLUSH_AFTER_MS, this.#closing.signal);
    } catch {
      return;
    }
    this.#scheduled = null;
    await this.flush();
  }

  async #writePending(): Promise<void> {
    const uses = this.#pending;
    this.#pending = [];
    this.#forgetOld(this.#clock.nowMs());
    try {
      for (let at = 0; at < uses.length; at += BATCH) await this.#store.recordUses(uses.slice(at, at + BATCH));
    } catch (error) {
      this.#onError(error);
    }
  }

  #forgetOld(nowMs: number): void {
    for (const noted of this.#noted.values()) {
      for (const [release, at] of noted) if (Math.abs(nowMs - at) >= ONCE_PER_MS) noted.delete(release);
    }
  }
}
