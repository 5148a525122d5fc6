import type { AuditTrail } from '../access/audit-trail.ts';
import type { Gatekeeper } from '../access/gatekeeper.ts';
import type { Tokens } from '../access/tokens.ts';
import type { Advice } from '../bench/advice.ts';
import type { Benchmarks } from '../bench/campaign/benchmarks.ts';
import type { Schedules } from '../bench/campaign/schedules.ts';
import type { WorkDesk } from '../bench/desk/work-desk.ts';
import type { Choices } from '../choice/choices.ts';
import type { Resolves } from '../choice/resolution.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import type { NoticeStore } from '../notify/notice-store.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Digest } from '../oci/digest.ts';
import type { World } from '../regions/world.ts';
import type { ImageCatalogue } from '../sync/push/image-catalogue.ts';
import type { Pushes } from '../sync/push/pushes.ts';
import type { Log } from '../telemetry/log.ts';
import type { PullCredentialSource } from './pull-credentials.ts';
import type { Examined } from './schema/doctor-schema.ts';

/** What the HTTP API needs of the rest of the program. */
export type ApiServices = {
  readonly gatekeeper: Gatekeeper;
  readonly audit: Pick<AuditTrail, 'record' | 'list'>;
  readonly tokens: Pick<Tokens, 'create' | 'list' | 'revoke'>;
  readonly notifier: Pick<Notifier, 'subscriptions' | 'subscribe' | 'unsubscribe' | 'test'>;
  readonly notices: Pick<NoticeStore, 'listDeliveries'>;
  readonly pushes: Pushes;
  readonly images: ImageCatalogue;
  readonly choices: Choices;
  readonly resolver: Resolves;
  readonly snapshots: SnapshotSource;
  readonly uses: UseSink;
  readonly advice: Advice;
  readonly benchmarks: Benchmarks;
  readonly schedules: Pick<Schedules, 'list'>;
  readonly desk: Pick<WorkDesk, 'take' | 'greet' | 'report'>;
  readonly world: World;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthSource;
  readonly depot: DepotUsageSource;
  readonly metrics: MetricsSource;
  readonly pullCredentials: PullCredentialSource;
  readonly doctor: Doctor;
  /** The program's version, as package.json has it. */
  readonly version: string;
};

/** Looks at the configured registries as they are now. */
export type Doctor = {
  /** At one, or at all that are enabled. Throws `registry_unknown`. */
  examine(registry: string | undefined): Promise<Examined>;
};

/** Takes what clusters resolved elsewhere. */
export type UseSink = {
  /** False for a release that is not known (any more). `at`: milliseconds since the epoch. */
  note(use: { readonly cluster: string; readonly name: string; readonly digest: Digest; readonly at: number }): boolean;
};

/** How a registry answered lately. */
export type RegistryHealth = {
  /** Null while it has not been asked yet. */
  readonly healthy: boolean | null;
  /** Why it is not healthy; null when it is. */
  readonly reason: string | null;
  /** Milliseconds since the epoch; null while it has not been asked yet. */
  readonly checkedAt: number | null;
};

export type HealthSource = {
  /** By registry name; a registry that is missing here has not been asked yet. */
  registries(): ReadonlyMap<string, RegistryHealth>;
  /** Can this process do its work? Never a statement about a remote registry. `reasons` is empty when it can. */
  readiness(): Readiness;
};

export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

export type DepotUsage = {
  readonly limitBytes: number;
  /** Whole blobs and those still landing. */
  readonly usedBytes: number;
  readonly landingBytes: number;
  /** Bytes that an unfinished push holds in the depot. */
  readonly pinnedBytes: number;
  /** Whole blobs. */
  readonly blobs: number;
};

export type DepotUsageSource = { usage(): DepotUsage | Promise<DepotUsage> };

/** Figures in the text format of Prometheus. */
export type MetricsSource = { render(): Promise<{ text: string; contentType: string }> };
/** All that resolve would answer the clusters of a site, for agents to keep a copy of. */
export type SnapshotSource = {
  /** `text` is null when the revision is known; then `confirmation` signs that it is true as of `asOf`. */
  get(
    site: string,
    isKnown: (revision: number) => boolean,
  ): {
    readonly revision: number;
    readonly asOf: string;
    readonly confirmation: string;
    readonly text: string | null;
  };
  /** Resolves when the revision is one that is not known, or after `timeoutMs`; rejects when `signal` aborts. */
  waitForOther(
    site: string,
    isKnown: (revision: number) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void>;
};
