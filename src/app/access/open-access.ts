import type { AuditTrail } from '../../access/audit-trail.ts';
import { firstToKnow, type PeerAuthenticator } from '../../access/authenticator.ts';
import { CallLimits } from '../../access/call-limits.ts';
import { parseProxies } from '../../access/caller-address.ts';
import { Gatekeeper } from '../../access/gatekeeper.ts';
import { Tokens } from '../../access/tokens.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { World } from '../../regions/world.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { AdminTokenFile } from './admin-token-file.ts';
import { DoorIdentities } from './door-identities.ts';
import { openDoorKeys } from './door-keys.ts';
import { RecoveredAdmin, settleFirstAdmin } from './first-admin.ts';
import { openAudit } from './open-audit.ts';
import { openOidc } from './open-oidc.ts';

export type AccessOptions = {
  readonly folder: string;
  readonly store: Pick<Store, 'tokens' | 'audit'>;
  readonly world: World;
  /** `ENTREPOT_ADMIN_TOKEN`. */
  readonly adminToken: Secret | undefined;
  readonly peers?: readonly PeerAuthenticator[];
  /** Told when the agent of a site has asked for something. */
  readonly onAgent?: (site: string) => void;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
};

export type Access = {
  readonly tokens: Tokens;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditTrail;
  readonly door: DoorIdentities;
  close(): Promise<void>;
};

/** Who may come in: our own tokens, the administrator's first one among them, and whatever else knows callers. */
export async function openAccess(options: AccessOptions): Promise<Access> {
  const { folder, world, clock, log, peers = [] } = options;
  const tokens = await Tokens.open({ ...options, store: options.store.tokens });
  const audit = await openAudit({ ...options, store: options.store.audit });
  const oidc = await openOidc({ world, clock, log });
  const file = new AdminTokenFile(folder);
  await settleFirstAdmin({ tokens, file, preset: options.adminToken, audit, log });
  const gatekeeper = new Gatekeeper({
    authenticator: firstToKnow([tokens, new RecoveredAdmin({ tokens, file, audit, log }), ...oidc.authenticators]),
    peers,
    anonymous: () => world.access.anonymous,
    ...(options.onAgent === undefined ? {} : { onAgent: options.onAgent }),
    onFailedLogin: (address) => audit.noteFailedLogin(address),
    limits: new CallLimits(world.access.limits, clock),
    ...(world.access.proxies.length === 0 ? {} : { proxies: parseProxies(world.access.proxies) }),
  });
  const door = new DoorIdentities({
    gatekeeper,
    findByHash: (hash) => tokens.findByHash(hash),
    clusters: () => world.clusters,
    clock,
    keys: openDoorKeys(folder, clock.nowMs()),
    rules: JSON.stringify([world.access.oidc, world.tls, world.clusters, world.sites]),
  });
  return {
    tokens,
    gatekeeper,
    audit,
    door,
    async close() {
      await oidc.close();
      await tokens.close();
      await audit.close();
    },
  };
}
