import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { PathRun } from '../estimate/path-run.ts';
import type {
  NewTransfer,
  PlacementKey,
  PlacementRecord,
  PushRecord,
  PushState,
  ReleaseRecord,
  TransferRecord,
} from './push-record.ts';

export type PushWithTransfers = { readonly push: PushRecord; readonly transfers: readonly TransferRecord[] };

export type PushFilter = {
  /** `team/app` or `team/app:1.2.3`. */
  readonly image?: string;
  /** Only images that one of these patterns matches. */
  readonly patterns?: readonly string[];
  readonly state?: PushState;
  readonly registry?: string;
};

export type Page = { readonly limit: number; readonly cursor?: string };
export type Paged<T> = { readonly items: readonly T[]; readonly next: string | null };

/** A caller's key for a request that must happen once, with the hash of the request it stood for. */
export type IdempotencyKey = { readonly key: string; readonly bodyHash: string; readonly expiresAt: number };

/** What pushes need remembered. Each method is one transaction; what it did is durable when its promise resolves. */
export type PushStore = {
  /**
   * Records a push with its legs, and for purpose `release` what its tag means from now on. With a key already used
   * for the same body the earlier push is returned and nothing is written; for another body `idempotency_conflict`.
   */
  createPush(
    push: PushRecord,
    transfers: readonly NewTransfer[],
    idempotency?: IdempotencyKey,
  ): Promise<PushWithTransfers & { created: boolean }>;
  findIdempotent(key: string, nowMs: number): Promise<(IdempotencyKey & { pushId: string }) | undefined>;
  findPush(id: string): Promise<PushWithTransfers | undefined>;
  /** Newest first. */
  listPushes(filter: PushFilter, page: Page): Promise<Paged<PushWithTransfers>>;
  /** Changes the named fields of a push; a new `digest` also reaches the release it named. */
  updatePush(
    id: string,
    patch: Partial<Omit<PushRecord, 'id' | 'name' | 'tag' | 'createdAt' | 'purpose'>>,
  ): Promise<void>;
  updateTransfer(
    pushId: string,
    registry: string,
    patch: Partial<Omit<TransferRecord, 'pushId' | 'registry' | 'role'>>,
  ): Promise<void>;
  /** Adds a leg to a push or, where it has one, leaves that as it is. */
  addTransfer(transfer: TransferRecord): Promise<void>;
  /** Marks a leg placed and records the placement, both or neither. */
  placeTransfer(
    pushId: string,
    registry: string,
    patch: Partial<TransferRecord>,
    placement: PlacementRecord,
  ): Promise<void>;

  /**
   * Takes the next leg of a registry for `owner`: `queued`, or `waiting` whose time has come, by priority (urgent,
   * normal, backfill) then age; never one whose image and tag has another leg to that registry under way (their
   * order decides what the tag names). Sets it `running`, counts the attempt, sets the lease. Undefined: nothing to do.
   */
  claimTransfer(claim: {
    registry: string;
    owner: string;
    nowMs: number;
    leaseMs: number;
  }): Promise<(PushWithTransfers & { transfer: TransferRecord }) | undefined>;
  /** How many queued legs of the registry will be claimed before the queued one of each of these pushes, by push. */
  countQueuedBefore(registry: string, pushIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** When the earliest waiting leg of each registry wants to go on; undefined where nothing waits. */
  nextAttemptAt(registry: string): Promise<number | undefined>;
  renewLeases(owner: string, nowMs: number, leaseMs: number): Promise<void>;
  /** Puts legs whose lease ran out, or is not `owner`'s, back to `queued`; returns them. Called at start and on a timer. */
  reclaimTransfers(claim: { owner: string; nowMs: number; all: boolean }): Promise<readonly TransferRecord[]>;

  /** Is this push the newest accepted release of its image and tag? */
  isNewestRelease(push: Pick<PushRecord, 'id' | 'name' | 'tag'>): Promise<boolean>;
  findRelease(name: RepositoryName, tag: Tag): Promise<ReleaseRecord | undefined>;
  findPlacement(key: PlacementKey): Promise<PlacementRecord | undefined>;
  /** Of a source digest, whatever platforms of it. */
  listPlacements(name: RepositoryName, sourceDigest: Digest): Promise<readonly PlacementRecord[]>;
  /** Sets `verifiedAt` of a placement that was looked at again and found whole. */
  confirmPlacement(key: PlacementKey, verifiedAt: number): Promise<void>;
  /** Forgets a placement that is no longer there. */
  withdrawPlacement(key: PlacementKey): Promise<void>;
  /**
   * Placements not looked at since `fromMs`, oldest first, after those that were looked at later than `toMs`: the clock
   * was set back since. Those of one registry where it is named.
   */
  stalePlacements(
    span: { fromMs: number; toMs: number },
    limit: number,
    registry?: string,
  ): Promise<readonly PlacementRecord[]>;
  /** Pushes that have finished since an instant, the earliest first. */
  finishedSince(ms: number, limit: number): Promise<readonly PushWithTransfers[]>;
  /** How the newest legs went that were placed at a registry; newest first. */
  finishedRuns(registry: string, limit: number): Promise<readonly PathRun[]>;
  /** Legs that are not final, by registry and state; `oldestAt` is when the oldest push among them was accepted. */
  countOpenTransfers(): Promise<readonly { registry: string; state: string; count: number; oldestAt: number }[]>;
  countByOrigin(origin: string): Promise<{ total: number; placed: number; failed: number }>;

  /** Keeps the depot from evicting what an unfinished push needs. Replaces the push's earlier set. */
  pinBlobs(pushId: string, blobs: readonly { digest: Digest; size: number }[]): Promise<void>;
  unpinBlobs(pushId: string): Promise<void>;
  pinnedBlobs(): Promise<ReadonlySet<Digest>>;
};

/** An upload that is under way at a registry, so that it can go on after an interruption. */
export type UploadJournalEntry = {
  readonly registry: string;
  readonly repository: string;
  /**
   * Of the blob; where that is not known before its end, of the session's address (a measurement) or of what a blob that
   * is still growing begins with.
   */
  readonly digest: Digest;
  /** The session's Location as the registry last gave it, made absolute. */
  readonly location: string;
  /** Bytes that the registry has acknowledged, by our own count. */
  readonly offset: number;
  /** How far bytes were written towards the registry, so that what is sent again can be counted. */
  readonly sentUpTo: number;
  readonly updatedAt: number;
};

export type UploadJournal = {
  find(registry: string, repository: string, digest: Digest): Promise<UploadJournalEntry | undefined>;
  /** All uploads under way to one repository. */
  list(registry: string, repository: string): Promise<readonly UploadJournalEntry[]>;
  save(entry: UploadJournalEntry): Promise<void>;
  remove(registry: string, repository: string, digest: Digest): Promise<void>;
  /** What stood in for a digest becomes it, in place of what may be noted of that. */
  rename(registry: string, repository: string, provisional: Digest, digest: Digest): Promise<void>;
  /**
   * Uploads last touched before `fromMs` or after `toMs` (the clock was set back since) that no leg needs which is still
   * to come: none that goes to their registry has pinned the blob or, where it has not read what it consists of yet,
   * goes to that repository. The longest untouched first.
   */
  unneeded(span: { fromMs: number; toMs: number }, limit: number): Promise<readonly UploadJournalEntry[]>;
};
