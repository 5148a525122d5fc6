import type { ApiApp } from '../api/request-context.ts';
import type { HttpShortcut } from '../api/serve.ts';
import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';
import type { World } from '../regions/world.ts';
import type { Log } from '../telemetry/log.ts';
import type { ServiceTls } from './tls/service-tls.ts';

export type ServiceOptions = {
  readonly world: World;
  /** The data folder, locked by the caller. */
  readonly folder: string;
  /** That its database was found whole, where that is looked for already. */
  readonly whole?: Promise<void> | undefined;
  readonly environment: Pick<Environment, 'findVariable' | 'adminToken'>;
  readonly log: Log;
  /** Lines of the log that were dropped because nobody took them. */
  readonly droppedLogLines?: () => number;
  readonly version: string;
  readonly tls?: ServiceTls;
  readonly clock?: Clock;
  /** Sync the depot's files; off only to measure what that costs. */
  readonly durableDepot?: boolean;
  /** How long a sample probes round trips before its body; shorter only where nobody looks at them. */
  readonly idleProbeMs?: number;
};

export type Service = {
  readonly app: ApiApp;
  /** Stands before the app. */
  readonly shortcut: HttpShortcut;
  /** Begins the work that an earlier run left, and the watching of registries. */
  start(): Promise<void>;
  /** Is not ready any more and begins nothing, and still answers. */
  retire(): void;
  /** Stops the work, keeping what it has reached, and closes everything. */
  close(): Promise<void>;
};
