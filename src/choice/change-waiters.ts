import type { Clock } from '../kernel/clock.ts';

type Waiter = { readonly isOver: () => boolean; readonly end: () => void };

/**
 * Callers that wait for something about an image to come true. They are asked again when that image changes, never
 * by polling; however many wait, there is one listener outside and one timer each.
 */
export class ChangeWaiters {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** How many wait now. */
  get size(): number {
    return this.#waiters.values().reduce((sum, waiters) => sum + waiters.size, 0);
  }

  /** Resolves once `isOver` after a change, after `timeoutMs`, or when all are let go; rejects when `signal` aborts. */
  async wait(name: string, isOver: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const ended = new AbortController();
    const waiter: Waiter = { isOver, end: () => ended.abort() };
    const waiters = this.#waiters.get(name) ?? new Set();
    this.#waiters.set(name, waiters.add(waiter));
    signal.addEventListener('abort', waiter.end, { once: true });
    try {
      await this.#clock.sleep(timeoutMs, ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', waiter.end);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(name) === waiters) this.#waiters.delete(name);
    }
    signal.throwIfAborted();
  }

  /** Asks those who wait for this image, or for any. */
  wake(name?: string): void {
    const woken = name === undefined ? [...this.#waiters.values()] : [this.#waiters.get(name) ?? new Set()];
    for (const waiters of woken) {
      for (const waiter of [...waiters]) if (waiter.isOver()) waiter.end();
    }
  }

  /** Ends every wait. */
  letGo(): void {
    for (const waiters of [...this.#waiters.values()]) for (const waiter of [...waiters]) waiter.end();
  }
}
