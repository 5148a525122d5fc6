import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { World } from '../../regions/world.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import type { BlobLocations } from '../copy/blob-locations.ts';
import type { BlobOrigin } from '../copy/blob-origin.ts';
import type { StripeBudget } from '../copy/stripe-budget.ts';
import type { PathHistories } from '../estimate/path-histories.ts';
import type { Replaced } from './leg-progress.ts';
import type { PushStore, UploadJournal } from './push-store.ts';
import type { RegistryDirectory } from './registry-directory.ts';

/** What pushing needs from the rest of the program. */
export type SyncContext = {
  readonly world: World;
  readonly store: PushStore;
  readonly journal: UploadJournal;
  readonly depot: BlobDepot;
  readonly directory: RegistryDirectory;
  readonly locations: BlobLocations;
  /** Connections for reading large blobs from far away. */
  readonly stripes: StripeBudget;
  /** How long earlier legs took. */
  readonly histories: PathHistories;
  readonly events: EventBus;
  readonly clock: Clock;
  /** The relay that the choice in force names for an image; undefined when there is none. */
  readonly chosenRelay: (name: string) => string | undefined;
  /** What was pushed to the service itself under a name. */
  readonly doorOrigin: (name: RepositoryName) => BlobOrigin;
  /** Every image that was pushed. */
  readonly imageNames: () => Iterable<RepositoryName>;
  /** Told of each connection that a leg gave up for what moved on it. */
  readonly onReplaced?: (registry: string, replaced: Replaced) => void;
  /** Told of what crossed while a client was still sending it, and whether that was of use. */
  readonly onHeadStart?: (registry: string, crossed: { readonly bytes: number; readonly isUsed: boolean }) => void;
  readonly log: SyncLog;
  /** This run of the program, as the owner of leases. */
  readonly owner: string;
};

/** What is worth an operator's attention. Each call is one event with its facts. */
export type SyncLog = {
  info(facts: { readonly event: string; readonly [fact: string]: unknown }): void;
  warn(facts: { readonly event: string; readonly [fact: string]: unknown }): void;
  error(facts: { readonly event: string; readonly [fact: string]: unknown }): void;
};
