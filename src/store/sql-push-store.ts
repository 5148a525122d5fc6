import type { PushStore } from '../sync/push/push-store.ts';
import { listFinishedRuns } from './finished-runs.ts';
import { pinBlobs, readPinnedBlobs, unpinBlobs } from './pinned-blobs.ts';
import {
  confirmPlacement,
  findPlacement,
  listPlacements,
  savePlacement,
  stalePlacements,
  withdrawPlacement,
} from './placements.ts';
import { countByOrigin, countOpenTransfers } from './push-counts.ts';
import { findPush, finishedSince, listPushes } from './push-reads.ts';
import { definedOnly } from './push-row.ts';
import { addTransfer, createPush, updatePush, updateTransfer } from './push-writes.ts';
import { findRelease } from './releases.ts';
import type { StoreDatabase } from './store-database.ts';
import {
  claimTransfer,
  countQueuedBefore,
  findNextAttemptAt,
  reclaimTransfers,
  renewLeases,
} from './transfer-claims.ts';

/** What pushes need remembered, in SQL: each method names its attempt and its one transaction. */
export function sqlPushStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): PushStore {
  return {
    createPush: (push, transfers, idempotency) =>
      change('recording a push', (trx) => createPush(trx, push, transfers, idempotency)),
    findIdempotent: (key, nowMs) =>
      read('looking up an idempotency key', (db) =>
        db
          .selectFrom('idempotencyKeys')
          .selectAll()
          .where('key', '=', key)
          .where('expiresAt', '>', nowMs)
          .executeTakeFirst(),
      ),
    findPush: (id) => read('reading a push', (db) => findPush(db, id)),
    listPushes: (filter, page) => read('listing pushes', (db) => listPushes(db, filter, page)),
    updatePush: (id, patch) => change('updating a push', (trx) => updatePush(trx, id, patch)),
    updateTransfer: (pushId, registry, patch) =>
      change('updating a transfer', (trx) => updateTransfer(trx, pushId, registry, patch)),
    addTransfer: (transfer) => change('adding a transfer', (trx) => addTransfer(trx, transfer)),
    placeTransfer: (pushId, registry, patch, placement) =>
      change('recording a placement', async (trx) => {
        const { digest, placedAt } = placement;
        await updateTransfer(trx, pushId, registry, { digest, placedAt, ...definedOnly(patch), state: 'placed' });
        await savePlacement(trx, placement);
      }),

    claimTransfer: (claim) => change('claiming a transfer', (trx) => claimTransfer(trx, claim)),
    countQueuedBefore: (registry, pushIds) =>
      read('counting queued transfers', (db) => countQueuedBefore(db, registry, pushIds)),
    nextAttemptAt: (registry) => read('looking for the next attempt', (db) => findNextAttemptAt(db, registry)),
    renewLeases: (owner, nowMs, leaseMs) =>
      change('renewing leases', (trx) => renewLeases(trx, owner, nowMs + leaseMs)),
    reclaimTransfers: (claim) => change('reclaiming transfers', (trx) => reclaimTransfers(trx, claim)),

    isNewestRelease: ({ id, name, tag }) =>
      read('reading a release', async (db) => (await findRelease(db, name, tag))?.pushId === id),
    findRelease: (name, tag) => read('reading a release', (db) => findRelease(db, name, tag)),
    findPlacement: (key) => read('reading a placement', (db) => findPlacement(db, key)),
    listPlacements: (name, sourceDigest) =>
      read('listing placements', (db) => listPlacements(db, name, [sourceDigest])),
    confirmPlacement: (key, verifiedAt) =>
      change('confirming a placement', (trx) => confirmPlacement(trx, key, verifiedAt)),
    withdrawPlacement: (key) => change('withdrawing a placement', (trx) => withdrawPlacement(trx, key)),
    stalePlacements: (span, limit, registry) =>
      read('listing stale placements', (db) => stalePlacements(db, span, limit, registry)),
    finishedSince: (ms, limit) => read('listing finished pushes', (db) => finishedSince(db, ms, limit)),
    finishedRuns: (registry, limit) =>
      read('reading how transfers went', (db) => listFinishedRuns(db, registry, limit)),
    countOpenTransfers: () => read('counting transfers', countOpenTransfers),
    countByOrigin: (origin) => read('counting pushes', (db) => countByOrigin(db, origin)),

    pinBlobs: (pushId, blobs) => change('pinning blobs', (trx) => pinBlobs(trx, pushId, blobs)),
    unpinBlobs: (pushId) => change('unpinning blobs', (trx) => unpinBlobs(trx, pushId)),
    pinnedBlobs: () => read('reading pinned blobs', readPinnedBlobs),
  };
}
