import type { Kysely, Transaction } from 'kysely';
import type {
  AgentRow,
  BenchmarkRow,
  DeskWorkRow,
  FlowDiagnosisRow,
  FollowedScheduleRow,
  KeptPayloadRow,
  MeasuredHourRow,
  MeasurementRow,
  SampleRow,
  ScheduleRunRow,
} from './measuring-rows.ts';

/*
 * The tables as queries see them: camel case here, snake case in the database. Instants are milliseconds since the
 * epoch, truth is 0 or 1, and columns that end in `Json` hold JSON text, so that every SQL database can keep them.
 */

export type PushRow = {
  id: string;
  name: string;
  tag: string;
  digest: string | null;
  sourceKind: string;
  sourceReference: string | null;
  purpose: string;
  origin: string | null;
  requestId: string | null;
  state: string;
  unchanged: number;
  createdAt: number;
  finishedAt: number | null;
  deadlineAt: number;
  priority: string;
  platformsJson: string;
  referrers: number;
  labelsJson: string;
  bytesTotal: number | null;
  bytesLanded: number;
};

export type TransferRow = {
  pushId: string;
  registry: string;
  role: string;
  state: string;
  digest: string | null;
  attempts: number;
  nextAttemptAt: number | null;
  placedAt: number | null;
  errorJson: string | null;
  leaseOwner: string | null;
  leaseUntil: number | null;
  blobsTotal: number;
  blobsDone: number;
  bytesTotal: number;
  bytesSent: number;
  bytesSavedPresent: number;
  bytesSavedMounted: number;
  bytesResent: number;
  blobsRestarted: number;
  replacedStalled: number;
  replacedSlow: number;
  congestionControl: string | null;
  predictionJson: string | null;
  runJson: string | null;
  /** The push's, repeated here so that the next leg of a registry is found by one index. */
  name: string;
  tag: string;
  priorityRank: number;
  pushCreatedAt: number;
};

export type ReleaseRow = {
  pushId: string;
  name: string;
  tag: string;
  digest: string | null;
  acceptedAt: number;
  /** 0 once its push ended without a digest: such a release was never a meaning of the tag. */
  holds: number;
};

/** The newest release of each tag that holds: derived from `releases`, in the same transaction. */
export type TagRow = { name: string; tag: string; pushId: string; digest: string | null; acceptedAt: number };

export type IdempotencyRow = { key: string; bodyHash: string; expiresAt: number; pushId: string };

export type PinnedBlobRow = { pushId: string; digest: string; sizeBytes: number };

export type PlacementRow = {
  name: string;
  sourceDigest: string;
  registry: string;
  digest: string;
  rewrittenJson: string;
  selection: string;
  placedAt: number;
  verifiedAt: number;
};

/** The same in a table of its own: of other platforms than what `placements` has of the digest at the registry. */
export type OtherPlacementRow = PlacementRow & { platformSet: string };

export type BlobLocationRow = { registry: string; digest: string; repository: string };

export type UploadRow = {
  registry: string;
  repository: string;
  digest: string;
  location: string;
  offsetBytes: number;
  sentUpTo: number;
  updatedAt: number;
};

export type ChoiceRow = {
  subject: string;
  revision: number;
  registry: string | null;
  who: string;
  at: number;
  reason: string | null;
  evidenceJson: string | null;
  previous: string | null;
};

export type ReleaseUseRow = { name: string; digest: string; cluster: string; at: number };

export type TokenRow = {
  id: string;
  name: string;
  hash: string;
  role: string;
  imagesJson: string;
  cluster: string | null;
  site: string | null;
  origin: string;
  createdAt: number;
  createdBy: string;
  expiresAt: number | null;
  lastUsedAt: number | null;
  revokedAt: number | null;
};

export type AuditRow = {
  id: string;
  at: number;
  who: string | null;
  role: string | null;
  via: string | null;
  address: string | null;
  action: string;
  about: string | null;
  outcome: string;
  code: string | null;
  detailJson: string | null;
  count: number;
  requestId: string | null;
};

export type ConfigurationRow = { id: number; documentJson: string };

export type NoticeDeliveryRow = {
  id: string;
  receiver: string;
  event: string;
  noticeJson: string;
  state: string;
  attempts: number;
  createdAt: number;
  nextAttemptAt: number | null;
  deadlineAt: number;
  deliveredAt: number | null;
  lastError: string | null;
};

export type NoticeTroubleRow = { key: string; since: number; count: number; toldAt: number };

export type NoticeMarkRow = { key: string; at: number };

export type NoticeSubscriptionRow = {
  id: string;
  receiver: string;
  eventsJson: string;
  imagesJson: string;
  createdAt: number;
  createdBy: string;
};

export type UpkeepRow = { key: string; at: number };

export type AdditiveStepRow = { name: string };

export type MigrationRow = { name: string; appliedAt: number };

export type Schema = {
  pushes: PushRow;
  transfers: TransferRow;
  releases: ReleaseRow;
  tags: TagRow;
  idempotencyKeys: IdempotencyRow;
  pinnedBlobs: PinnedBlobRow;
  placements: PlacementRow;
  otherPlacements: OtherPlacementRow;
  uploads: UploadRow;
  blobLocations: BlobLocationRow;
  choices: ChoiceRow;
  releaseUses: ReleaseUseRow;
  measurements: MeasurementRow;
  measuredHours: MeasuredHourRow;
  benchmarks: BenchmarkRow;
  samples: SampleRow;
  flowDiagnoses: FlowDiagnosisRow;
  deskWork: DeskWorkRow;
  agents: AgentRow;
  keptPayloads: KeptPayloadRow;
  scheduleRuns: ScheduleRunRow;
  followedSchedules: FollowedScheduleRow;
  tokens: TokenRow;
  audit: AuditRow;
  configurations: ConfigurationRow;
  noticeDeliveries: NoticeDeliveryRow;
  noticeTroubles: NoticeTroubleRow;
  noticeMarks: NoticeMarkRow;
  noticeSubscriptions: NoticeSubscriptionRow;
  upkeep: UpkeepRow;
  additiveSteps: AdditiveStepRow;
  migrations: MigrationRow;
};

/** Asks the database, inside a transaction or not. */
export type Queries = Kysely<Schema>;
export type Changes = Transaction<Schema>;
