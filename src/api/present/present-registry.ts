import { toTimestamp } from '../../kernel/clock.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import type { RegistryHealth } from '../api-services.ts';
import type { Registry } from '../schema/world-schema.ts';

/** A configured registry with how it answered lately; nothing of its credentials. */
export function presentRegistry(registry: RegistryEntry, health: RegistryHealth | undefined): Registry {
  return {
    name: registry.name,
    kind: registry.kind,
    role: registry.role,
    region: registry.region,
    url: registry.url,
    addresses: { ...registry.addresses },
    prefix: registry.prefix,
    names: registry.names,
    attestations: registry.attestations,
    enabled: registry.enabled,
    costPerGb: registry.costPerGb,
    health: {
      healthy: health?.healthy ?? null,
      reason: health?.reason ?? null,
      checkedAt: health?.checkedAt === undefined || health.checkedAt === null ? null : toTimestamp(health.checkedAt),
    },
  };
}
