import type { AuditStore } from '../../access/audit-store.ts';
import { AuditTrail } from '../../access/audit-trail.ts';
import { describeChanges } from '../../access/configuration-changes.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { World } from '../../regions/world.ts';

/** The audit log, with what happens by itself: what changed in the configuration since the last start, and choices that follow. */
export async function openAudit(options: {
  readonly store: AuditStore;
  readonly world: World;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): Promise<AuditTrail> {
  const { store, world, events } = options;
  const trail = new AuditTrail(options);
  await noteConfiguration(trail, store, world);
  events.on('recommendation.followed', ({ subject, site, registry, previous }) => {
    const detail = { registry, previous, site };
    trail.record({ action: 'choice.follow', outcome: 'done', about: subject, detail }).catch(() => {});
  });
  trail.start();
  return trail;
}

async function noteConfiguration(trail: AuditTrail, store: AuditStore, world: World): Promise<void> {
  const before = await store.lastConfiguration();
  // As it will come back: what JSON does not keep is no difference.
  const after: unknown = JSON.parse(JSON.stringify(world));
  const changes = before === undefined ? ['first start'] : describeChanges(before, after);
  if (changes.length === 0) return;
  await trail.record({ action: 'configuration.change', outcome: 'done', detail: { changes } });
  await store.rememberConfiguration(after);
}
