import { z } from 'zod';
import type { PlacementRecord } from '../sync/push/push-record.ts';
import { digestColumn, jsonColumn, nameColumn, parseRow } from './row-schema.ts';
import type { PlacementRow } from './schema.ts';

const NOT_REWRITTEN: PlacementRecord['rewritten'] = [];
const rewritten = jsonColumn(z.array(z.enum(['platforms', 'attestations-dropped'])));

const placementRow = z.object({
  registry: z.string(),
  name: nameColumn,
  sourceDigest: digestColumn,
  digest: digestColumn,
  rewrittenJson: z.string(),
  selection: z.string(),
  placedAt: z.number(),
  verifiedAt: z.number(),
});

/** `row` may come from any query that names the columns so. */
export function parsePlacement(row: unknown): PlacementRecord {
  const { rewrittenJson, ...same } = parseRow(placementRow, row, 'a placement');
  // Nearly every placement is as its source: the answers kept in memory share one empty list.
  return {
    ...same,
    rewritten: rewrittenJson === '[]' ? NOT_REWRITTEN : parseRow(rewritten, rewrittenJson, 'a placement'),
  };
}

export function toPlacementRow(placement: PlacementRecord): PlacementRow {
  return {
    name: placement.name,
    sourceDigest: placement.sourceDigest,
    registry: placement.registry,
    digest: placement.digest,
    rewrittenJson: JSON.stringify(placement.rewritten),
    selection: placement.selection,
    placedAt: placement.placedAt,
    verifiedAt: placement.verifiedAt,
  };
}
