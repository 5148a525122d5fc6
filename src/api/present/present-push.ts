import { toTimestamp } from '../../kernel/clock.ts';
import { predictionError } from '../../sync/estimate/path-run.ts';
import type { LivePush, LiveTransfer } from '../../sync/push/pushes.ts';
import type { Push, Transfer, TransferEvent } from '../schema/push-schema.ts';

export function presentPush({ push, transfers }: LivePush): Push {
  const self = `/v1/pushes/${push.id}`;
  return {
    id: push.id,
    image: `${push.name}:${push.tag}`,
    name: push.name,
    tag: push.tag,
    digest: push.digest,
    source: { kind: push.source.kind, reference: push.source.reference },
    state: push.state,
    unchanged: push.unchanged,
    createdAt: toTimestamp(push.createdAt),
    finishedAt: presentInstant(push.finishedAt),
    deadlineAt: toTimestamp(push.deadlineAt),
    bytesTotal: push.bytesTotal,
    bytesLanded: push.bytesLanded,
    labels: { ...push.labels },
    priority: push.priority,
    platforms: [...push.platforms],
    referrers: push.referrers,
    purpose: push.purpose,
    requestId: push.requestId,
    transfers: transfers.map((transfer) => presentTransfer(transfer, push)),
    links: { self, events: `${self}/events` },
  };
}

export function presentTransfer(
  transfer: LiveTransfer,
  push: Pick<LivePush['push'], 'createdAt' | 'unchanged'>,
): Transfer {
  const { error, placedAt, prediction } = transfer;
  return {
    registry: transfer.registry,
    role: transfer.role,
    state: transfer.state,
    digest: transfer.digest,
    blobsTotal: transfer.blobsTotal,
    blobsDone: transfer.blobsDone,
    bytesTotal: transfer.bytesTotal,
    bytesSent: transfer.bytesSent,
    bytesSavedPresent: transfer.bytesSavedPresent,
    bytesSavedMounted: transfer.bytesSavedMounted,
    bytesResent: transfer.bytesResent,
    blobsRestarted: transfer.blobsRestarted,
    rate: transfer.rate,
    expectedAt: presentInstant(transfer.expectedAt),
    estimate: transfer.expected,
    prediction:
      prediction === null
        ? null
        : {
            ...prediction,
            at: toTimestamp(prediction.at),
            error: predictionError(prediction, placedAt) ?? null,
          },
    congestionControl: transfer.congestionControl,
    connectionsReplaced: { stalled: transfer.replacedStalled, slow: transfer.replacedSlow },
    attempts: transfer.attempts,
    nextAttemptAt: presentInstant(transfer.nextAttemptAt),
    placedAt: presentInstant(placedAt),
    lagMs: placedAt === null || push.unchanged ? null : Math.max(0, placedAt - push.createdAt),
    error:
      error === null
        ? null
        : { code: error.code, detail: error.detail, side: error.side, step: error.step, at: toTimestamp(error.at) },
  };
}

export function presentTransferEvent(pushId: string, transfer: Transfer): TransferEvent {
  return { push: pushId, ...transfer };
}

/** An instant that may be absent. */
function presentInstant(ms: number | null): string | null {
  return ms === null ? null : toTimestamp(ms);
}
