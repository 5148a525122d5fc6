import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Secret } from '../../kernel/secret.ts';
import { openHttpClient } from '../../net/open-http-client.ts';
import { Deliverer } from '../../notify/deliverer.ts';
import { Notifier } from '../../notify/notifier.ts';
import { observe } from '../../notify/observer.ts';
import { openSender } from '../../notify/senders/open-sender.ts';
import type { SecretReference, World } from '../../regions/world.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { noticeFacts } from './notice-facts.ts';

const KEEP_MS = 30 * 24 * 60 * 60_000;
const PRUNE_EVERY_MS = 60 * 60_000;

export type NotificationsOptions = {
  readonly world: World;
  readonly store: Pick<Store, 'notices' | 'pushes' | 'choices'>;
  readonly events: EventBus;
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how each attempt to deliver a notice ended. */
  readonly onAttempt: (receiver: string, outcome: string) => void;
  readonly onError: (error: unknown) => void;
};

export type Notifications = { readonly notifier: Notifier; start(): void; close(): Promise<void> };

/** Who is told what happens: hears events from now on, and delivers once it is started. */
export async function openNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { world, store, events, readSecret, clock, log, onError } = options;
  const settings = world.notify;
  const http = openHttpClient({ connectTimeoutMs: 10_000, headersTimeoutMs: 20_000, clock });
  const deps = { http, readSecret, clock };
  const deliverer = new Deliverer({
    receivers: new Map(settings.receivers.map((entry) => [entry.name, openSender(entry, settings.smtp, deps)])),
    store: store.notices,
    clock,
    onAttempt({ id, receiver, event, attempts }, state, error) {
      options.onAttempt(receiver, state === 'pending' ? 'retried' : state);
      const facts = { notice: id, receiver, of: event, attempts: attempts + 1 };
      if (error === null) log.info({ event: 'notice delivered', ...facts });
      else log.warn({ event: state === 'failed' ? 'notice failed' : 'notice waits', ...facts, error });
    },
    onError,
  });
  const notifier = await Notifier.open({
    settings,
    store: store.notices,
    clock,
    wake: (receiver) => deliverer.wake(receiver),
  });
  const stopObserving = observe({ events, facts: noticeFacts(store), notifier, clock, onError });
  const prune = () => store.notices.pruneDeliveries(clock.nowMs() - KEEP_MS).catch(onError);
  let timer: NodeJS.Timeout | undefined;
  return {
    notifier,
    start() {
      deliverer.start();
      timer = setInterval(prune, PRUNE_EVERY_MS).unref();
    },
    async close() {
      clearInterval(timer);
      await stopObserving();
      await notifier.close();
      await deliverer.stop();
      await http.close();
    },
  };
}
