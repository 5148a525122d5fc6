import { Gauge, type Registry } from './prometheus.ts';

/** What is asked for at each scrape, because it is a state and not an event. */
export type MetricsSources = {
  /** Legs that are not final, by registry and state. */
  transfers(): Promise<readonly { registry: string; state: string; count: number; oldestAt: number }[]>;
  depot(): Promise<{ limitBytes: number; usedBytes: number; landingBytes: number; pinnedBytes: number; blobs: number }>;
  registries(): ReadonlyMap<string, { readonly healthy: boolean | null }>;
  /** The agents of sites, as they were heard of last. */
  agents(): readonly { readonly site: string; readonly seenAt: number; readonly clockOffsetMs: number | null }[];
  /** Lines of the log that nobody took in time. */
  droppedLogLines(): number;
  /** Of the service's own listener; undefined where it speaks plain HTTP. */
  certificate(): { readonly expiresAtMs: number; readonly isReplacementRefused: boolean } | undefined;
  nowMs(): number;
};

/** Gauges of what the sources say; the answer sets them anew, so that what is gone is gone from the figures too. */
export function openStateGauges(sources: MetricsSources, registers: Registry[]): () => Promise<void> {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name: `entrepot_${name}`, help, labelNames, registers });
  const transfers = gauge('transfers', 'Legs that are not final, by registry and state', ['registry', 'state']);
  const queueAge = gauge('queue_age_seconds', 'Age of the oldest leg that is not final', ['registry']);
  const healthy = gauge('registry_healthy', '1 when the registry answered when it was last asked, else 0', [
    'registry',
  ]);
  const silent = gauge('agent_silent_seconds', 'Since the agent of a site was heard of last', ['site']);
  const offset = gauge('agent_clock_offset_seconds', "How far an agent's clock is behind the service's", ['site']);
  const depotBytes = gauge(
    'depot_bytes',
    'Bytes of the depot: its limit, in use, landing, held for unfinished pushes',
    ['kind'],
  );
  const depotBlobs = gauge('depot_blobs', 'Whole blobs in the depot', []);
  const expires = gauge('tls_certificate_expires_timestamp_seconds', 'When the own certificate ends', []);
  const refused = gauge(
    'tls_replacement_refused',
    '1 while the files hold a certificate that cannot be used, else 0',
    [],
  );
  return async () => {
    const certificate = sources.certificate();
    if (certificate !== undefined) {
      expires.set(certificate.expiresAtMs / 1_000);
      refused.set(Number(certificate.isReplacementRefused));
    }
    const [legs, depot] = await Promise.all([sources.transfers(), sources.depot()]);
    for (const each of [transfers, queueAge, healthy, silent, offset]) each.reset();
    for (const { site, seenAt, clockOffsetMs } of sources.agents()) {
      silent.labels(site).set(Math.max(0, (sources.nowMs() - seenAt) / 1_000));
      if (clockOffsetMs !== null) offset.labels(site).set(clockOffsetMs / 1_000);
    }
    const oldest = new Map<string, number>();
    for (const { registry, state, count, oldestAt } of legs) {
      transfers.labels(registry, state).set(count);
      oldest.set(registry, Math.min(oldest.get(registry) ?? oldestAt, oldestAt));
    }
    for (const [registry, at] of oldest) queueAge.labels(registry).set(Math.max(0, (sources.nowMs() - at) / 1_000));
    for (const [registry, health] of sources.registries())
      if (health.healthy !== null) healthy.labels(registry).set(Number(health.healthy));
    depotBytes.labels('limit').set(depot.limitBytes);
    depotBytes.labels('used').set(depot.usedBytes);
    depotBytes.labels('landing').set(depot.landingBytes);
    depotBytes.labels('pinned').set(depot.pinnedBytes);
    depotBlobs.set(depot.blobs);
  };
}
