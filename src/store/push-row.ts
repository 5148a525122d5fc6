import { z } from 'zod';
import type { Priority, PushRecord } from '../sync/push/push-record.ts';
import { digestColumn, jsonColumn, nameColumn, parseRow, tagColumn, truthColumn } from './row-schema.ts';
import type { PushRow } from './schema.ts';

const pushRow = z.object({
  id: z.string(),
  name: nameColumn,
  tag: tagColumn,
  digest: digestColumn.nullable(),
  sourceKind: z.enum(['registry', 'archive', 'door']),
  sourceReference: z.string().nullable(),
  purpose: z.enum(['release', 'backfill', 'repair']),
  origin: z.string().nullable(),
  requestId: z.string().nullable(),
  state: z.enum(['running', 'placed', 'partial', 'failed', 'cancelled']),
  unchanged: truthColumn,
  createdAt: z.number(),
  finishedAt: z.number().nullable(),
  deadlineAt: z.number(),
  priority: z.enum(['urgent', 'normal', 'backfill']),
  platformsJson: jsonColumn(z.array(z.string())),
  referrers: truthColumn,
  labelsJson: jsonColumn(z.record(z.string(), z.string())),
  bytesTotal: z.number().nullable(),
  bytesLanded: z.number(),
});

export function parsePush(row: PushRow): PushRecord {
  const parsed = parseRow(pushRow, row, `push ${row.id}`);
  const { sourceKind, sourceReference, platformsJson, labelsJson, ...same } = parsed;
  return {
    ...same,
    source: { kind: sourceKind, reference: sourceReference },
    platforms: platformsJson,
    labels: labelsJson,
  };
}

export function toPushRow(push: PushRecord): PushRow {
  return {
    id: push.id,
    name: push.name,
    tag: push.tag,
    digest: push.digest,
    sourceKind: push.source.kind,
    sourceReference: push.source.reference,
    purpose: push.purpose,
    origin: push.origin,
    requestId: push.requestId,
    state: push.state,
    unchanged: push.unchanged ? 1 : 0,
    createdAt: push.createdAt,
    finishedAt: push.finishedAt,
    deadlineAt: push.deadlineAt,
    priority: push.priority,
    platformsJson: JSON.stringify(push.platforms),
    referrers: push.referrers ? 1 : 0,
    labelsJson: JSON.stringify(push.labels),
    bytesTotal: push.bytesTotal,
    bytesLanded: push.bytesLanded,
  };
}

export type PushPatch = Partial<Omit<PushRecord, 'id' | 'name' | 'tag' | 'createdAt' | 'purpose' | 'requestId'>>;

/** The columns that a patch changes; what it does not name is undefined, which leaves the column as it is. */
export function toPushPatchColumns(patch: PushPatch): Partial<PushRow> {
  return definedOnly({
    digest: patch.digest,
    sourceKind: patch.source?.kind,
    sourceReference: patch.source?.reference,
    origin: patch.origin,
    state: patch.state,
    unchanged: patch.unchanged === undefined ? undefined : patch.unchanged ? 1 : 0,
    finishedAt: patch.finishedAt,
    deadlineAt: patch.deadlineAt,
    priority: patch.priority,
    platformsJson: patch.platforms === undefined ? undefined : JSON.stringify(patch.platforms),
    referrers: patch.referrers === undefined ? undefined : patch.referrers ? 1 : 0,
    labelsJson: patch.labels === undefined ? undefined : JSON.stringify(patch.labels),
    bytesTotal: patch.bytesTotal,
    bytesLanded: patch.bytesLanded,
  });
}

/** Drops what is undefined, so that an empty patch is an empty object. */
export function definedOnly<T extends object>(columns: T): T {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) as T;
}

const RANKS: Readonly<Record<Priority, number>> = { urgent: 0, normal: 1, backfill: 2 };

/** Lower goes first. */
export function priorityRank(priority: Priority): number {
  return RANKS[priority];
}
