import { type Authenticator, firstToKnow, type PeerAuthenticator } from '../../access/authenticator.ts';
import { CallLimits } from '../../access/call-limits.ts';
import { parseProxies } from '../../access/caller-address.ts';
import { Gatekeeper } from '../../access/gatekeeper.ts';
import type { TokenStore } from '../../access/token-store.ts';
import { Tokens } from '../../access/tokens.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { World } from '../../regions/world.ts';
import type { Log } from '../../telemetry/log.ts';
import { AdminTokenFile } from './admin-token-file.ts';
import { DoorIdentities } from './door-identities.ts';
import { RecoveredAdmin, settleFirstAdmin } from './first-admin.ts';

export type AccessOptions = {
  readonly folder: string;
  readonly store: TokenStore;
  readonly world: World;
  /** `ENTREPOT_ADMIN_TOKEN`. */
  readonly adminToken: Secret | undefined;
  /** Further ways of being known, asked after our own tokens. */
  readonly authenticators?: readonly Authenticator[];
  readonly peers?: readonly PeerAuthenticator[];
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
};

export type Access = {
  readonly tokens: Tokens;
  readonly gatekeeper: Gatekeeper;
  readonly door: DoorIdentities;
  close(): Promise<void>;
};

/** Who may come in: our own tokens, the administrator's first one among them, and whatever else knows callers. */
export async function openAccess(options: AccessOptions): Promise<Access> {
  const { folder, world, clock, log, peers = [], authenticators = [] } = options;
  const tokens = await Tokens.open(options);
  const file = new AdminTokenFile(folder);
  await settleFirstAdmin({ tokens, file, preset: options.adminToken, log });
  const gatekeeper = new Gatekeeper({
    authenticator: firstToKnow([tokens, new RecoveredAdmin({ tokens, file, clock, log }), ...authenticators]),
    peers,
    anonymous: () => world.access.anonymous,
    limits: new CallLimits(world.access.limits, clock),
    ...(world.access.proxies.length === 0 ? {} : { proxies: parseProxies(world.access.proxies) }),
  });
  const door = new DoorIdentities({
    gatekeeper,
    findByHash: (hash) => tokens.findByHash(hash),
    clusters: () => world.clusters,
    clock,
  });
  return { tokens, gatekeeper, door, close: () => tokens.close() };
}
