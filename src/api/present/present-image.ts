import { toTimestamp } from '../../kernel/clock.ts';
import { isFailure } from '../../kernel/failure.ts';
import { platformsIn } from '../../oci/platform-set.ts';
import { pullReference } from '../../regions/registry-repository.ts';
import type { World } from '../../regions/world.ts';
import { isMeantBy } from '../../sync/push/meant-by.ts';
import type { PlacementRecord, ReleaseRecord } from '../../sync/push/push-record.ts';
import type { Placement, Release } from '../schema/image-schema.ts';

const WITHOUT_ATTESTATIONS = 'delivered without attestations';

export function presentPlacement(placement: PlacementRecord, world: Pick<World, 'registries' | 'sites'>): Placement {
  const registry = world.registries.find(({ name }) => name === placement.registry);
  return {
    registry: placement.registry,
    region: registry?.region ?? null,
    digest: placement.digest,
    sourceDigest: placement.sourceDigest,
    platforms: [...platformsIn(placement.platformSet)],
    reference: registry === undefined ? null : findReference(placement, registry, world),
    placedAt: toTimestamp(placement.placedAt),
    verifiedAt: toTimestamp(placement.verifiedAt),
    rewritten: [...placement.rewritten],
    note: placement.rewritten.includes('attestations-dropped') ? WITHOUT_ATTESTATIONS : null,
  };
}

/** A release with those of the placements that are of its digest, and of the platforms that its push named. */
export function presentRelease(
  release: ReleaseRecord,
  placements: readonly PlacementRecord[],
  world: Pick<World, 'registries' | 'sites'>,
): Release {
  return {
    tag: release.tag,
    digest: release.digest,
    platforms: [...platformsIn(release.platformSet)],
    push: release.pushId,
    acceptedAt: toTimestamp(release.acceptedAt),
    placements: placements
      .filter((placement) => isMeantBy(release, placement))
      .map((placement) => presentPlacement(placement, world)),
  };
}

/** Null where the name does not fit the registry any more (its prefix was changed since). */
function findReference(
  placement: PlacementRecord,
  registry: World['registries'][number],
  world: Pick<World, 'sites'>,
): string | null {
  const site = world.sites.find(({ service }) => service)?.name ?? '';
  try {
    return pullReference(registry, site, placement.name, placement.digest);
  } catch (error) {
    if (isFailure(error, 'validation_failed')) return null;
    throw error;
  }
}
