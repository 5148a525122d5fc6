import { z } from 'zod';
import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import type { PathRun, Prediction } from '../sync/estimate/path-run.ts';
import type { NewTransfer, PushRecord, TransferError, TransferRecord } from '../sync/push/push-record.ts';
import { definedOnly, priorityRank } from './push-row.ts';
import { digestColumn, jsonColumn, parseRow } from './row-schema.ts';
import type { TransferRow } from './schema.ts';

// A code that this version does not have was written by another one: the rest of the error is still worth showing.
const failureCode = z
  .custom<FailureCode>((value) => typeof value === 'string' && Object.hasOwn(FAILURE_CODES, value))
  .catch('internal');

const transferError: z.ZodType<TransferError> = z.object({
  code: failureCode,
  detail: z.string(),
  side: z.enum(['source', 'target', 'here']),
  step: z.string(),
  at: z.number(),
});

const prediction: z.ZodType<Prediction> = z.object({
  at: z.number(),
  basis: z.enum(['history', 'benchmark', 'flow', 'none']),
  samples: z.number(),
  medianMs: z.number().nullable(),
  p90Ms: z.number().nullable(),
});

export const pathRun: z.ZodType<PathRun> = z.object({
  at: z.number(),
  bytes: z.number(),
  headMs: z.number(),
  moveMs: z.number(),
  tailMs: z.number(),
});

const transferRow = z.object({
  pushId: z.string(),
  registry: z.string(),
  role: z.enum(['home', 'relay']),
  state: z.enum(['queued', 'running', 'verifying', 'waiting', 'placed', 'failed', 'cancelled']),
  digest: digestColumn.nullable(),
  attempts: z.number(),
  nextAttemptAt: z.number().nullable(),
  placedAt: z.number().nullable(),
  errorJson: jsonColumn(transferError).nullable(),
  leaseOwner: z.string().nullable(),
  leaseUntil: z.number().nullable(),
  blobsTotal: z.number(),
  blobsDone: z.number(),
  bytesTotal: z.number(),
  bytesSent: z.number(),
  bytesSavedPresent: z.number(),
  bytesSavedMounted: z.number(),
  bytesResent: z.number(),
  blobsRestarted: z.number(),
  replacedStalled: z.number(),
  replacedSlow: z.number(),
  congestionControl: z.string().nullable(),
  predictionJson: jsonColumn(prediction).nullable(),
  runJson: jsonColumn(pathRun).nullable(),
});

export function parseTransfer(row: TransferRow): TransferRecord {
  const { errorJson, predictionJson, runJson, ...same } = parseRow(
    transferRow,
    row,
    `the transfer of push ${row.pushId} to ${row.registry}`,
  );
  return { ...same, error: errorJson, prediction: predictionJson, run: runJson };
}

export function toTransferRow(
  transfer: NewTransfer,
  push: Pick<PushRecord, 'name' | 'tag' | 'priority' | 'createdAt'>,
): TransferRow {
  return {
    pushId: transfer.pushId,
    registry: transfer.registry,
    role: transfer.role,
    state: transfer.state,
    digest: transfer.digest,
    attempts: transfer.attempts,
    nextAttemptAt: transfer.nextAttemptAt,
    placedAt: transfer.placedAt,
    errorJson: toJson(transfer.error),
    leaseOwner: transfer.leaseOwner,
    leaseUntil: transfer.leaseUntil,
    blobsTotal: transfer.blobsTotal,
    blobsDone: transfer.blobsDone,
    bytesTotal: transfer.bytesTotal,
    bytesSent: transfer.bytesSent,
    bytesSavedPresent: transfer.bytesSavedPresent,
    bytesSavedMounted: transfer.bytesSavedMounted,
    bytesResent: transfer.bytesResent,
    blobsRestarted: transfer.blobsRestarted,
    replacedStalled: transfer.replacedStalled,
    replacedSlow: transfer.replacedSlow,
    congestionControl: transfer.congestionControl,
    predictionJson: toJson(transfer.prediction),
    runJson: toJson(transfer.run),
    name: push.name,
    tag: push.tag,
    priorityRank: priorityRank(transfer.priority ?? push.priority),
    pushCreatedAt: push.createdAt,
  };
}

export type TransferPatch = Partial<Omit<TransferRecord, 'pushId' | 'registry' | 'role'>>;

/**
 * The columns that a patch changes. A leg that is no longer under way has no lease: a patch to such a state ends it
 * without having to say so.
 */
export function toTransferPatchColumns(patch: TransferPatch): Partial<TransferRow> {
  const endsLease = patch.state !== undefined && !isUnderWay(patch.state);
  return definedOnly({
    state: patch.state,
    digest: patch.digest,
    attempts: patch.attempts,
    nextAttemptAt: patch.nextAttemptAt,
    placedAt: patch.placedAt,
    errorJson: patch.error === undefined ? undefined : toJson(patch.error),
    leaseOwner: endsLease ? null : patch.leaseOwner,
    leaseUntil: endsLease ? null : patch.leaseUntil,
    blobsTotal: patch.blobsTotal,
    blobsDone: patch.blobsDone,
    bytesTotal: patch.bytesTotal,
    bytesSent: patch.bytesSent,
    bytesSavedPresent: patch.bytesSavedPresent,
    bytesSavedMounted: patch.bytesSavedMounted,
    bytesResent: patch.bytesResent,
    blobsRestarted: patch.blobsRestarted,
    replacedStalled: patch.replacedStalled,
    replacedSlow: patch.replacedSlow,
    congestionControl: patch.congestionControl,
    predictionJson: patch.prediction === undefined ? undefined : toJson(patch.prediction),
    runJson: patch.run === undefined ? undefined : toJson(patch.run),
  });
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** The states in which some process is at work on a leg. */
export const UNDER_WAY = ['running', 'verifying'] as const satisfies readonly TransferRecord['state'][];

function isUnderWay(state: TransferRecord['state']): boolean {
  return UNDER_WAY.some((each) => each === state);
}
