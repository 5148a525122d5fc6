import type { EventBus } from '../../events/event-bus.ts';
import type { PushStore } from './push-store.ts';

/** How often they reach the store: at the pace of the other counters. */
const SAVE_EVERY_MS = 1_000;

/** Adds up how many bytes of each push have landed, and lets the sums reach the store now and then. */
export class LandedBytes {
  readonly #store: Pick<PushStore, 'findPush' | 'updatePush'>;
  readonly #events: EventBus;
  readonly #waiting = new Map<string, { bytes: number; timer: NodeJS.Timeout }>();

  constructor(context: { readonly store: Pick<PushStore, 'findPush' | 'updatePush'>; readonly events: EventBus }) {
    this.#store = context.store;
    this.#events = context.events;
  }

  add(pushId: string, bytes: number): void {
    const waiting = this.#waiting.get(pushId);
    if (waiting === undefined)
      this.#waiting.set(pushId, { bytes, timer: setTimeout(() => this.#save(pushId), SAVE_EVERY_MS) });
    else waiting.bytes += bytes;
  }

  /** A push that has ended is counted anew; what was waiting for it is dropped. */
  forget(pushId: string): void {
    clearTimeout(this.#waiting.get(pushId)?.timer);
    this.#waiting.delete(pushId);
  }

  close(): void {
    for (const pushId of [...this.#waiting.keys()]) this.forget(pushId);
  }

  #save(pushId: string): void {
    const bytes = this.#waiting.get(pushId)?.bytes ?? 0;
    this.forget(pushId);
    this.#write(pushId, bytes).catch(() => {
      // It is for people to look at; what has really landed the depot knows.
    });
  }

  async #write(pushId: string, bytes: number): Promise<void> {
    const found = await this.#store.findPush(pushId);
    if (found === undefined || found.push.state !== 'running') return;
    const { bytesLanded, bytesTotal } = found.push;
    await this.#store.updatePush(pushId, {
      bytesLanded: Math.min(bytesLanded + bytes, bytesTotal ?? Number.MAX_SAFE_INTEGER),
    });
    this.#events.emit({ type: 'push.changed', pushId });
  }
}
