import type { EventBus } from '../events/event-bus.ts';
import { predictionError } from '../sync/estimate/path-run.ts';
import type { PushStore } from '../sync/push/push-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const FINAL: ReadonlySet<string> = new Set(['placed', 'failed', 'cancelled']);

/** Tells the metrics what happened. What a push consisted of is read when an event says that it changed. */
export function feedMetrics(
  metrics: Metrics,
  { events, store, onError }: { events: EventBus; store: PushStore; onError: (error: unknown) => void },
): () => void {
  const legOf = async (pushId: string, registry: string) => {
    const found = await store.findPush(pushId);
    const leg = found?.transfers.find((transfer) => transfer.registry === registry);
    return found === undefined || leg === undefined ? undefined : { push: found.push, leg };
  };
  /** When legs that are not final first ran, milliseconds. */
  const begun = new Map<string, number>();
  const noteTransfer = async (pushId: string, registry: string, state: string) => {
    const key = `${pushId} ${registry}`;
    if (state === 'running' && !begun.has(key)) begun.set(key, performance.now());
    const beganAt = begun.get(key);
    const runSeconds = beganAt === undefined ? null : (performance.now() - beganAt) / 1_000;
    if (FINAL.has(state)) begun.delete(key);
    if (state === 'failed' || state === 'cancelled') metrics.transferEnded(registry, state);
    if (state === 'waiting')
      metrics.transferRetried(registry, (await legOf(pushId, registry))?.leg.error?.code ?? 'internal');
    if (state !== 'placed') return;
    const found = await legOf(pushId, registry);
    if (found === undefined) return;
    const { push, leg } = found;
    metrics.transferEnded(registry, state);
    metrics.transferPlaced({
      ...leg,
      runSeconds,
      estimateError: predictionError(leg.prediction, leg.placedAt),
      lagSeconds: Math.max(0, (leg.placedAt ?? push.createdAt) - push.createdAt) / 1_000,
    });
  };
  const unsubscribe = [
    events.on('transfer.changed', ({ pushId, registry, state }) => {
      noteTransfer(pushId, registry, state).catch(onError);
    }),
    events.on('push.finished', ({ pushId }) => {
      store
        .findPush(pushId)
        .then((found) => found !== undefined && metrics.pushEnded(found.push.state))
        .catch(onError);
    }),
    events.on('placement.withdrawn', ({ registry }) => metrics.placementWithdrawn(registry)),
    events.on('choice.changed', () => metrics.choiceChanged()),
  ];
  return () => {
    for (const stop of unsubscribe) stop();
  };
}
