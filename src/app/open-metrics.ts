import type { WorkDesk } from '../bench/desk/work-desk.ts';
import type { Depot } from '../depot/depot-port.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { depotUsage } from './depot-usage.ts';
import { feedMetrics } from './metrics-feed.ts';
import type { RegistryHealthWatch } from './registry-health.ts';
import type { ServiceTls } from './tls/service-tls.ts';

export type MetricsParts = {
  readonly store: Store;
  readonly depot: Depot;
  readonly health: Pick<RegistryHealthWatch, 'registries'>;
  readonly desk: Pick<WorkDesk, 'agents'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly droppedLogLines?: (() => number) | undefined;
  readonly tls: Pick<ServiceTls, 'certificate'>;
  readonly version: string;
  readonly onError: (error: unknown) => void;
};

/** The figures, with what they are asked of and what they hear; `stop` ends the hearing. */
export function openMetrics(parts: MetricsParts): { readonly metrics: Metrics; stop(): void } {
  const { store, depot, health, desk, events, clock, tls, droppedLogLines = () => 0, version, onError } = parts;
  const metrics = new Metrics(
    {
      transfers: () => store.pushes.countOpenTransfers(),
      depot: () => depotUsage(depot, store),
      registries: () => health.registries(),
      agents: () => desk.agents(),
      droppedLogLines,
      certificate: tls.certificate,
      nowMs: () => clock.nowMs(),
    },
    version,
  );
  return { metrics, stop: feedMetrics(metrics, { events, store: store.pushes, onError }) };
}
