import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { newId } from '../kernel/id.ts';
import type { NoticeEvent, NoticeSubscription, NotifySettings } from '../regions/notify-settings.ts';
import type { Delivery, StoredSubscription } from './delivery.ts';
import { fold } from './fold.ts';
import type { Notice, Occurrence, Trouble } from './notice.ts';
import type { NoticeStore } from './notice-store.ts';
import { findSubscribed } from './subscribed.ts';

export type NotifierOptions = {
  readonly settings: NotifySettings;
  readonly store: NoticeStore;
  readonly clock: Clock;
  /** Something was journalled for this receiver. */
  readonly wake: (receiver: string) => void;
};

/** With what the marks begin of what was told. */
export const TOLD = 'told ';

/** Decides who is told what, and journals it before anything is tried. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #troubles: Map<string, Trouble>;
  #subscriptions: readonly StoredSubscription[];
  /** One after the other: what happened first is told first. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    options: NotifierOptions,
    troubles: readonly Trouble[],
    subscriptions: readonly StoredSubscription[],
  ) {
    this.#options = options;
    this.#troubles = new Map(troubles.map((trouble) => [trouble.key, trouble]));
    this.#subscriptions = subscriptions;
  }

  static async open(options: NotifierOptions): Promise<Notifier> {
    return new Notifier(options, await options.store.troubles(), await options.store.subscriptions());
  }

  get troubles(): readonly Trouble[] {
    return [...this.#troubles.values()];
  }

  isTroubled(key: string): boolean {
    return this.#troubles.has(key);
  }

  /** Resolves once it is journalled, or decided that nobody is told. */
  tell(occurrence: Occurrence): Promise<void> {
    const told = this.#turn.then(() => this.#tell(occurrence));
    this.#turn = told.catch(() => {});
    return told;
  }

  get subscriptions(): readonly StoredSubscription[] {
    return this.#subscriptions;
  }

  async subscribe(request: NoticeSubscription, who: string): Promise<StoredSubscription> {
    this.#requireReceiver(request.receiver);
    const createdAt = this.#options.clock.nowMs();
    const subscription = { ...request, id: newId('sub', createdAt), createdAt, createdBy: who };
    await this.#options.store.addSubscription(subscription);
    this.#subscriptions = [...this.#subscriptions, subscription];
    return subscription;
  }

  /** Throws `subscription_unknown`. */
  async unsubscribe(id: string): Promise<StoredSubscription> {
    const removed = await this.#options.store.removeSubscription(id);
    if (removed === undefined) throw new Failure('subscription_unknown', `There is no subscription ${id.slice(0, 80)}`);
    this.#subscriptions = this.#subscriptions.filter((one) => one.id !== id);
    return removed;
  }

  /** Sends one receiver a notice that says that it is a test. Throws `receiver_unknown`. */
  async test(receiver: string, detail: string): Promise<Delivery> {
    this.#requireReceiver(receiver);
    const at = this.#options.clock.nowMs();
    const notice: Notice = {
      ...{ event: 'test', outcome: 'sent', stage: 'test', mood: 'neutral', image: null, name: null, registry: null },
      ...{ detail, at, durationMs: null, legs: [], link: null, count: 1, since: null },
    };
    const delivery = this.#newDelivery(receiver, 'test', notice);
    await this.#options.store.recordNotice(null, null, [delivery]);
    this.#options.wake(receiver);
    return delivery;
  }

  /** Waits for what was begun. */
  async close(): Promise<void> {
    await this.#turn;
  }

  async #tell(occurrence: Occurrence): Promise<void> {
    const { settings, store, wake } = this.#options;
    const { trouble: key, onlyAfterTrouble: _, ends, path, once, ...facts } = occurrence;
    // Where there is nobody to tell, nothing is remembered of it.
    const mark = once === undefined || settings.receivers.length === 0 ? undefined : `${TOLD}${once}`;
    if (mark !== undefined && (await store.isMarked(mark))) return;
    const before = key === null ? undefined : this.#troubles.get(key);
    const { trouble, told } = fold(occurrence, before, settings.remindMs);
    const notice: Notice | undefined = told && {
      ...facts,
      outcome: before !== undefined && facts.outcome === 'placed' ? 'recovered' : facts.outcome,
      link: path === null || settings.publicUrl === null ? null : `${settings.publicUrl}${path}`,
      ...told,
    };
    const known = [...settings.subscriptions, ...this.#subscriptions.map(toSubscription)];
    const receivers = notice === undefined ? [] : findSubscribed(known, { ...facts, ...(ends && { ends }) });
    const isKnown = (name: string) => settings.receivers.some((receiver) => receiver.name === name);
    const deliveries =
      notice === undefined
        ? []
        : receivers.filter(isKnown).map((receiver) => this.#newDelivery(receiver, facts.event, notice));
    if (trouble === null && before === undefined && deliveries.length === 0 && mark === undefined) return;
    const marked = mark === undefined ? undefined : { key: mark, at: this.#options.clock.nowMs() };
    await store.recordNotice(key, trouble, deliveries, marked);
    if (key !== null) {
      if (trouble === null) this.#troubles.delete(key);
      else this.#troubles.set(key, trouble);
    }
    for (const { receiver } of deliveries) wake(receiver);
  }

  #newDelivery(receiver: string, event: string, notice: Notice): Delivery {
    const nowMs = this.#options.clock.nowMs();
    return {
      id: newId('msg', nowMs),
      receiver,
      event,
      notice,
      state: 'pending',
      attempts: 0,
      createdAt: nowMs,
      nextAttemptAt: nowMs,
      deadlineAt: nowMs + this.#options.settings.deadlineMs,
      deliveredAt: null,
      lastError: null,
    };
  }

  #requireReceiver(name: string): void {
    if (this.#options.settings.receivers.some((receiver) => receiver.name === name)) return;
    throw new Failure('receiver_unknown', `There is no receiver ${name.slice(0, 80)} in the configuration`);
  }
}

/** Events that this version does not know match nothing. */
function toSubscription({ receiver, events, images }: StoredSubscription): NoticeSubscription {
  return { receiver, events: events as readonly (NoticeEvent | '*')[], images };
}
