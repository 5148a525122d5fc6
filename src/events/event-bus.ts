import type { EntrepotEvent, EventType } from './event.ts';

type Listener = (event: EntrepotEvent) => void;

/** Tells events to whoever subscribed, at once and in order. A listener that throws does not keep others from hearing. */
export class EventBus {
  readonly #listeners = new Map<EventType | '*', Set<Listener>>();
  readonly #onError: (error: unknown, event: EntrepotEvent) => void;

  constructor(onError: (error: unknown, event: EntrepotEvent) => void = () => {}) {
    this.#onError = onError;
  }

  emit(event: EntrepotEvent): void {
    for (const key of [event.type, '*'] as const) {
      for (const listener of [...(this.#listeners.get(key) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          this.#onError(error, event);
        }
      }
    }
  }

  /** Subscribes to one type, or to all with `*`; returns the function that ends it. */
  on<T extends EventType>(type: T, listener: (event: Extract<EntrepotEvent, { type: T }>) => void): () => void;
  on(type: '*', listener: (event: EntrepotEvent) => void): () => void;
  on(type: EventType | '*', listener: (event: never) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set<Listener>();
    this.#listeners.set(type, listeners);
    listeners.add(listener as Listener);
    return () => listeners.delete(listener as Listener);
  }
}
