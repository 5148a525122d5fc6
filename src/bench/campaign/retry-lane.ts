import type { Clock } from '../../kernel/clock.ts';
import type { SampleError } from '../sample.ts';

/** Asks a registry for any answer at all. Null when it gave one; rejects only when the signal is aborted. */
export type AskRegistry = (registry: string, signal: AbortSignal) => Promise<SampleError | null>;

/** A registry that has not answered by then is asked on beside the others, whose samples go on. */
const HURRY_MS = 1_000;
/** Between one question to a silent registry and the next. */
const BEAT_MS = 2_000;
/** One lost question is not yet a failure of the path. */
const ENOUGH_QUESTIONS = 2;
/** How long what a silent registry was last found to suffer from holds, while others are measured. */
const FRESH_MS = 30_000;

type Silent = { questions: number; error: SampleError | null; answeredMs: number; changed: PromiseWithResolvers<void> };

/** The registries that do not answer: each is asked again and again in the background, until it does. */
export class RetryLane {
  readonly #ask: AskRegistry;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #silent = new Map<string, Silent>();

  constructor(ask: AskRegistry, clock: Clock, signal: AbortSignal) {
    this.#ask = ask;
    this.#clock = clock;
    this.#signal = signal;
  }

  registries(): readonly string[] {
    return [...this.#silent].filter(([, { questions }]) => questions > 0).map(([registry]) => registry);
  }

  /** Does it answer at once? One that does not is in the lane from then on. */
  async isAnswering(registry: string): Promise<boolean> {
    if (this.#silent.has(registry)) return false;
    const hurry = new AbortController();
    const first = this.#ask(registry, this.#signal);
    const slow = this.#clock.sleep(HURRY_MS, AbortSignal.any([hurry.signal, this.#signal]));
    const answer = await Promise.race([first, slow.then(() => 'slow' as const)]).finally(() => {
      hurry.abort();
      slow.catch(() => {});
    });
    if (answer === null) return true;
    // Another site's samples may have put it there meanwhile.
    if (!this.#silent.has(registry)) {
      const silent = { questions: 0, error: null, answeredMs: 0, changed: Promise.withResolvers<void>() };
      this.#silent.set(registry, silent);
      void this.#askOn(registry, silent, first).catch(() => {});
    }
    return false;
  }

  /**
   * What a registry of the lane suffers from; null once it answers. Where nothing else was measured since `sinceMs`
   * (elapsed), only what was found after it counts: else rounds would pass without anybody having been asked.
   */
  async findTrouble(registry: string, sinceMs: number, othersWereMeasured: boolean): Promise<SampleError | null> {
    for (;;) {
      this.#signal.throwIfAborted();
      const silent = this.#silent.get(registry);
      if (silent === undefined) return null;
      const oldestMs = othersWereMeasured ? this.#clock.elapsedMs() - FRESH_MS : sinceMs;
      if (silent.questions >= ENOUGH_QUESTIONS && silent.answeredMs >= oldestMs) return silent.error;
      await silent.changed.promise;
    }
  }

  async #askOn(registry: string, silent: Silent, first: Promise<SampleError | null>): Promise<void> {
    try {
      for (let question = first; ; question = this.#ask(registry, this.#signal)) {
        const error = await question;
        if (error === null) return;
        Object.assign(silent, { error, answeredMs: this.#clock.elapsedMs(), questions: silent.questions + 1 });
        const { changed } = silent;
        silent.changed = Promise.withResolvers();
        changed.resolve();
        await this.#clock.sleep(BEAT_MS, this.#signal);
      }
    } finally {
      this.#silent.delete(registry);
      silent.changed.resolve();
    }
  }
}
