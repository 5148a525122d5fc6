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
import type { ServiceTls } from '../tls/service-tls.ts';
import { AgentWatch } from './agent-watch.ts';
import { watchCertificate } from './certificate-watch.ts';
import { noticeFacts } from './notice-facts.ts';
import { ToldUntil } from './told-until.ts';

const UPKEEP_EVERY_MS = 60 * 60_000;

export type NotificationsOptions = {
  readonly world: World;
  readonly store: Pick<Store, 'notices' | 'pushes' | 'choices'>;
  readonly events: EventBus;
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how each attempt to deliver a notice ended. */
  readonly onAttempt: (receiver: string, outcome: string) => void;
  readonly certificate: ServiceTls['certificate'];
  readonly onError: (error: unknown) => void;
};

export type Notifications = {
  readonly notifier: Notifier;
  /** The agent of a site has asked for something. */
  heardOf(site: string): void;
  start(): void;
  close(): Promise<void>;
};

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
  const facts = noticeFacts(store);
  const observing = observe({ events, facts, notifier, clock, onError });
  const toldUntil = new ToldUntil({ store: store.notices, facts, notifier, clock });
  const agents = new AgentWatch({
    ...{ sites: world.sites, store: store.notices, events, clock, onError },
    lostAfterMs: settings.agentLostAfterMs,
  });
  const certificates = watchCertificate(options.certificate, { events, clock });
  const upkeep = async () => {
    const nowMs = clock.nowMs();
    await observing.settled();
    await toldUntil.advance(nowMs);
  };
  let begun: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  return {
    notifier,
    heardOf: (site) => agents.heard(site),
    start() {
      begun = Promise.all([toldUntil.catchUp(), agents.start()]).catch(onError);
      deliverer.start();
      certificates.look();
      timer = setInterval(() => void upkeep().catch(onError), UPKEEP_EVERY_MS).unref();
    },
    async close() {
      clearInterval(timer);
      agents.stop();
      certificates.stop();
      await begun;
      await observing.stop();
      await notifier.close();
      await deliverer.stop();
      await http.close();
    },
  };
}
