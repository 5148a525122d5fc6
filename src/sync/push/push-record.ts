import type { Side } from '../../kernel/failure.ts';
import type { FailureCode } from '../../kernel/failure-codes.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PlatformSet } from '../../oci/platform-set.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { RegistryRole } from '../../regions/world.ts';
import type { PathRun, Prediction } from '../estimate/path-run.ts';

export type PushState = 'running' | 'placed' | 'partial' | 'failed' | 'cancelled';
export type TransferState = 'queued' | 'running' | 'verifying' | 'waiting' | 'placed' | 'failed' | 'cancelled';
export type Priority = 'urgent' | 'normal' | 'backfill';

/**
 * Why a push exists. Only a `release` names the tag's digest; a `backfill` carries a release that is already named to
 * a registry that a choice moved to, and a `repair` brings back a placement that was lost.
 */
export type PushPurpose = 'release' | 'backfill' | 'repair';

/** Where the bytes of a push come from. `reference` is as the caller wrote it, `KEY/name:tag`; null for an archive. */
export type PushSource = {
  readonly kind: 'registry' | 'archive' | 'door';
  readonly reference: string | null;
};

/** One request to distribute one release. Instants are milliseconds since the epoch. */
export type PushRecord = {
  readonly id: string;
  readonly name: RepositoryName;
  readonly tag: Tag;
  /** The source's digest; null until the source has said it. */
  readonly digest: Digest | null;
  readonly source: PushSource;
  readonly purpose: PushPurpose;
  /** What asked for a backfill or repair, `choice:<image or pattern>#<revision>`; null for a release. */
  readonly origin: string | null;
  /** Of the call that asked for it; null where none did. */
  readonly requestId: string | null;
  readonly state: PushState;
  readonly unchanged: boolean;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly deadlineAt: number;
  readonly priority: Priority;
  /** Platforms to carry, as text; empty means all. */
  readonly platforms: readonly string[];
  /** Are signatures and other referrers carried along? */
  readonly referrers: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Size of all distinct blobs and manifests; null until the source's manifests were read. */
  readonly bytesTotal: number | null;
  /** How many of them are whole in the depot. */
  readonly bytesLanded: number;
};

export type TransferError = {
  readonly code: FailureCode;
  readonly detail: string;
  readonly side: Side;
  readonly step: string;
  readonly at: number;
};

/** What one leg has moved so far, in bytes and blobs. Counters only grow, over all attempts. */
export type TransferCounters = {
  readonly blobsTotal: number;
  readonly blobsDone: number;
  readonly bytesTotal: number;
  /** Body bytes written towards the registry, re-sent ones included. */
  readonly bytesSent: number;
  readonly bytesSavedPresent: number;
  readonly bytesSavedMounted: number;
  /** Of `bytesSent`, those that had been sent before. */
  readonly bytesResent: number;
  /** Blobs that began anew because the registry had forgotten their upload. */
  readonly blobsRestarted: number;
  /** Connections given up because nothing moved on them, and because others moved far more. */
  readonly replacedStalled: number;
  readonly replacedSlow: number;
};

/** One leg of a push: its way to one registry. Keyed by push and registry. */
export type TransferRecord = TransferCounters & {
  readonly pushId: string;
  readonly registry: string;
  readonly role: RegistryRole;
  readonly state: TransferState;
  /** The digest that this registry has or gets; null until planned. Differs from the push's when the index was rewritten. */
  readonly digest: Digest | null;
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly placedAt: number | null;
  readonly error: TransferError | null;
  /** The kernel's congestion control on the connections that carried blobs; null where none did, or it is not known. */
  readonly congestionControl: string | null;
  /** What was expected when it was first known what has to move. */
  readonly prediction: Prediction | null;
  /** How the attempt went that placed it; null until then, and where it had nothing to do. */
  readonly run: PathRun | null;
  /** Which process runs it, and until when that counts without renewal. */
  readonly leaseOwner: string | null;
  readonly leaseUntil: number | null;
};

/** A leg as it is first recorded; its priority is the push's unless it has one of its own. */
export type NewTransfer = TransferRecord & { readonly priority?: Priority };

/**
 * What a push carries of a digest, seen complete and verified at a registry. Keyed by registry, image, source digest and
 * platforms.
 */
export type PlacementRecord = {
  readonly registry: string;
  readonly name: RepositoryName;
  /** The release's digest, as the source has it. */
  readonly sourceDigest: Digest;
  /** The platforms that its push named. */
  readonly platformSet: PlatformSet;
  /** The digest at this registry. */
  readonly digest: Digest;
  /** Why the two differ; empty when they do not. */
  readonly rewritten: readonly ('platforms' | 'attestations-dropped')[];
  /** Canonical text of what was asked to be carried (`platforms`, `referrers`), so that a repeated push can be told to be the same. */
  readonly selection: string;
  readonly placedAt: number;
  readonly verifiedAt: number;
};

export type PlacementKey = Pick<PlacementRecord, 'registry' | 'name' | 'sourceDigest' | 'platformSet'>;

/** What a tag meant from `acceptedAt` on: one row an accepted release push; the newest one holds. */
export type ReleaseRecord = {
  readonly name: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest | null;
  /** The platforms that its push named. */
  readonly platformSet: PlatformSet;
  readonly pushId: string;
  readonly acceptedAt: number;
};
