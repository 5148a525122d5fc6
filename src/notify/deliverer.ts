import type { Clock } from '../kernel/clock.ts';
import { isFailure, toFailure } from '../kernel/failure.ts';
import type { Delivery } from './delivery.ts';
import { decideDelivery, MOST_WAIT_MS } from './delivery-verdict.ts';
import type { NoticeStore } from './notice-store.ts';
import type { Sender } from './senders/sender.ts';

/** A receiver that says nothing for so long has not taken it. */
const PATIENCE_MS = 20_000;
/** Looked at so often without being told, for a clock that jumped. */
const LOOK_EVERY_MS = 60_000;
const STORE_TROUBLE_MS = 2_000;

export type DelivererOptions = {
  readonly receivers: ReadonlyMap<string, Sender>;
  readonly store: Pick<NoticeStore, 'nextDelivery' | 'changeDelivery'>;
  readonly clock: Clock;
  readonly patienceMs?: number;
  /** Told how each attempt ended. */
  readonly onAttempt: (delivery: Delivery, state: 'delivered' | 'pending' | 'failed', error: string | null) => void;
  readonly onError: (error: unknown) => void;
};

/** Brings journalled notices to their receivers, each on its own: one that is dead or slow delays nobody else. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #stopping = new AbortController();
  readonly #wake = new Map<string, () => void>();
  readonly #isAwake = new Set<string>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = Promise.all([...this.#options.receivers].map(([name, sender]) => this.#serve(name, sender)));
  }

  /** Something was journalled for this receiver. */
  wake(receiver: string): void {
    this.#isAwake.add(receiver);
    this.#wake.get(receiver)?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #serve(name: string, sender: Sender): Promise<void> {
    const { store, clock, onError } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#isAwake.delete(name);
        const next = await store.nextDelivery(name);
        const dueInMs = next === undefined ? LOOK_EVERY_MS : (next.nextAttemptAt ?? 0) - clock.nowMs();
        // Nobody is made to wait that long: the wall clock was set back.
        const isDue = next !== undefined && (dueInMs <= 0 || dueInMs > MOST_WAIT_MS);
        if (!isDue) await this.#rest(name, Math.min(dueInMs, LOOK_EVERY_MS));
        else await this.#attempt(next, sender);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await clock.sleep(STORE_TROUBLE_MS, signal).catch(() => {});
      }
    }
  }

  async #attempt(delivery: Delivery, sender: Sender): Promise<void> {
    const { store, clock, onAttempt, patienceMs = PATIENCE_MS } = this.#options;
    const { signal } = this.#stopping;
    let failure: ReturnType<typeof toFailure> | undefined;
    try {
      await sender.send(delivery, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
    } catch (error) {
      // Whether it arrived is not known; it is sent again under the same id.
      if (signal.aborted) return;
      failure = isFailure(error, 'cancelled')
        ? toFailure(new Error(`it said nothing for ${patienceMs / 1_000} s`))
        : toFailure(error);
    }
    const change = decideDelivery(delivery, failure, clock.nowMs());
    await store.changeDelivery(delivery.id, change);
    onAttempt(delivery, change.state, change.lastError);
  }

  async #rest(name: string, ms: number): Promise<void> {
    if (this.#isAwake.has(name)) return;
    const rest = new AbortController();
    this.#wake.set(name, () => rest.abort());
    await this.#options.clock.sleep(ms, AbortSignal.any([rest.signal, this.#stopping.signal])).catch(() => {});
    this.#wake.delete(name);
  }
}
