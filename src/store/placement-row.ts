import { z } from 'zod';
import { isDigest } from '../oci/digest.ts';
import { ALL_PLATFORMS } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { selectedPlatforms } from '../sync/copy/selection.ts';
import type { PlacementRecord } from '../sync/push/push-record.ts';
import { digestColumn, jsonColumn, nameColumn, parseRow } from './row-schema.ts';
import type { PlacementRow } from './schema.ts';

/** How the selection of nearly every placement begins. */
const OF_ALL = 'platforms=;';
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
    platformSet: selectedPlatforms(same.selection),
    rewritten: rewrittenJson === '[]' ? NOT_REWRITTEN : parseRow(rewritten, rewrittenJson, 'a placement'),
  };
}

/**
 * As `parsePlacement`, for hundreds of thousands of rows: a list of the columns (`digest` null where it is the source's),
 * checked by hand, which takes a fraction of what a schema takes.
 */
export function placementOf(name: RepositoryName, row: readonly unknown[]): PlacementRecord {
  const [sourceDigest, registry, ownDigest, rewrittenJson, selection, placedAt, verifiedAt] = row;
  const digest = ownDigest ?? sourceDigest;
  if (
    typeof registry !== 'string' ||
    typeof selection !== 'string' ||
    !selection.startsWith(OF_ALL) ||
    rewrittenJson !== '[]' ||
    typeof placedAt !== 'number' ||
    typeof verifiedAt !== 'number' ||
    typeof sourceDigest !== 'string' ||
    digest !== sourceDigest ||
    !isDigest(sourceDigest)
  )
    return parsePlacement({ name, sourceDigest, registry, digest, rewrittenJson, selection, placedAt, verifiedAt });
  const rewritten = NOT_REWRITTEN;
  const same = { registry, name, sourceDigest, platformSet: ALL_PLATFORMS, digest: sourceDigest };
  return { ...same, selection, placedAt, verifiedAt, rewritten };
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
