import { DEFAULT_ACCESS_LIMITS } from '../../src/access/call-limits.ts';
import type { RegistryEntry, World } from '../../src/regions/world.ts';
import { KEEP_LONG } from '../support/keep-long.ts';

export type RegistryDraft = Partial<RegistryEntry> & Pick<RegistryEntry, 'name' | 'role'>;

function registryEntry(draft: RegistryDraft): RegistryEntry {
  return {
    url: `https://${draft.name}.example`,
    credentials: { kind: 'none' },
    internal: false,
    kind: 'oci',
    region: `${draft.name}-1`,
    prefix: '',
    names: 'nested',
    attestations: 'keep',
    enabled: true,
    addresses: {},
    costPerGb: null,
    ...draft,
  };
}

/** Two home registries and four relays, two sites, a cluster of each kind; and what a test wants otherwise. */
export function sampleWorld(
  change: Partial<Omit<World, 'registries'>> & { registries?: readonly RegistryDraft[] } = {},
): World {
  const registries: readonly RegistryDraft[] = change.registries ?? [];
  const defaults: readonly RegistryDraft[] = [
    { name: 'aliyun', role: 'home', prefix: 'web3d', addresses: { beijing: 'https://aliyun-vpc.example' } },
    { name: 'aliyun-spare', role: 'home' },
    { name: 'singapore', role: 'relay' },
    { name: 'korea', role: 'relay', names: 'flat' },
    { name: 'japan', role: 'relay', addresses: { 'us-east': 'https://japan.us.example:8443' } },
    { name: 'us-west', role: 'relay' },
  ];
  const merged = defaults.map((draft) => ({ ...draft, ...registries.find((each) => each.name === draft.name) }));
  const added = registries.filter((draft) => !defaults.some((each) => each.name === draft.name));
  return {
    sources: [],
    sites: [
      { name: 'beijing', service: true },
      { name: 'us-east', service: false },
    ],
    clusters: [
      { name: 'cn-prod', site: 'beijing', pulls: 'home' },
      { name: 'us-east-prod', site: 'us-east', pulls: 'choice' },
    ],
    choices: [{ pattern: '*', registry: 'singapore' }],
    limits: {
      depotBytes: 1e9,
      transfersPerRegistry: 4,
      blobsPerRegistry: 8,
      connectionsPerSource: 16,
      chunkBytes: 8e6,
      longPathChunkBytes: 16e6,
      deadlineMs: 3_600_000,
      stallMs: 30_000,
      leastStallMs: 30_000,
      archiveBytes: 1e9,
    },
    backfill: { releases: 20, usedWithinMs: 30 * 86_400_000 },
    distribute: [],
    standby: [],
    failover: { afterMs: 180_000, backMs: 900_000 },
    measuring: { bytesPerDay: 1e9, bytesPerDayAndRegistry: 1e9, quietHours: [], schedules: [] },
    retention: KEEP_LONG,
    log: { level: 'info' },
    access: {
      anonymous: 'none',
      metrics: 'token',
      limits: DEFAULT_ACCESS_LIMITS,
      proxies: [],
      oidc: [],
      auditMs: 3_600_000,
    },
    notify: {
      publicUrl: null,
      smtp: null,
      receivers: [],
      subscriptions: [],
      remindMs: 3_600_000,
      deadlineMs: 3_600_000,
      agentLostAfterMs: 300_000,
    },
    recommendation: {
      referenceBytes: 150e6,
      windowMs: 7 * 24 * 3.6e6,
      minimum: { samples: 60, days: 3, hoursOfDay: 18 },
      timeZone: 'Asia/Shanghai',
      success: 0.9,
      deadlineMs: 30 * 6e4,
      coolDownMs: 72 * 3.6e6,
      follow: [],
    },
    ...change,
    registries: [...merged, ...added].map(registryEntry),
  };
}
