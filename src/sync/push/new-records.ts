import type { Digest } from '../../oci/digest.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import type { NewTransfer, Priority, PushPurpose, PushRecord, PushSource } from './push-record.ts';
import type { NewPush } from './pushes.ts';

export type NewPushFacts = {
  readonly id: string;
  readonly nowMs: number;
  readonly deadlineMs: number;
  readonly source: PushSource;
  readonly digest: Digest | null;
  readonly purpose: PushPurpose;
  readonly origin: string | null;
  /** Everything is placed already: the push is final as it begins. */
  readonly unchanged: boolean;
};

/** The record of a push that begins now. */
export function newPushRecord(request: NewPush, facts: NewPushFacts): PushRecord {
  const { id, nowMs, deadlineMs, source, digest, purpose, origin, unchanged } = facts;
  return {
    id,
    name: request.name,
    tag: request.tag,
    digest,
    source,
    purpose,
    origin,
    requestId: request.requestId ?? null,
    state: unchanged ? 'placed' : 'running',
    unchanged,
    createdAt: nowMs,
    finishedAt: unchanged ? nowMs : null,
    deadlineAt: nowMs + (request.deadlineMs ?? deadlineMs),
    priority: request.priority ?? 'normal',
    platforms: request.platforms ?? [],
    referrers: request.referrers ?? true,
    labels: request.labels ?? {},
    bytesTotal: null,
    bytesLanded: 0,
  };
}

/** A standby's leg comes after the legs that somebody waits for. */
const BEHIND: Record<Priority, Priority> = { urgent: 'normal', normal: 'backfill', backfill: 'backfill' };

/** A leg of it; `placed` gives one that has nothing left to do. */
export function newTransferRecord(
  push: PushRecord,
  registry: Pick<RegistryEntry, 'name' | 'role'>,
  { placed, isStandby = false }: { placed?: { digest: Digest } | undefined; isStandby?: boolean } = {},
): NewTransfer {
  return {
    ...(isStandby ? { priority: BEHIND[push.priority] } : {}),
    pushId: push.id,
    registry: registry.name,
    role: registry.role,
    state: placed === undefined ? 'queued' : 'placed',
    digest: placed?.digest ?? null,
    blobsTotal: 0,
    blobsDone: 0,
    bytesTotal: 0,
    bytesSent: 0,
    bytesSavedPresent: 0,
    bytesSavedMounted: 0,
    bytesResent: 0,
    blobsRestarted: 0,
    replacedStalled: 0,
    replacedSlow: 0,
    attempts: 0,
    nextAttemptAt: null,
    placedAt: placed === undefined ? null : push.createdAt,
    error: null,
    congestionControl: null,
    prediction: null,
    run: null,
    leaseOwner: null,
    leaseUntil: null,
  };
}
