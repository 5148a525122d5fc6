import type { EntrepotEvent } from '../events/event.ts';
import { isDigest } from '../oci/digest.ts';
import { ALL_PLATFORMS, platformSetOf } from '../oci/platform-set.ts';
import { isRepositoryName } from '../oci/repository-name.ts';
import { type Occurrence, QUIET } from './notice.ts';
import type { NoticedPlacement } from './noticed-push.ts';
import { en } from './texts/en.ts';

export type PlacementEvent = NoticedPlacement &
  Pick<Extract<EntrepotEvent, { type: 'placement.withdrawn' | 'placement.confirmed' }>, 'type'>;

export function placementTrouble({ registry, name, sourceDigest, platformSet }: NoticedPlacement): string {
  const whole = `placement ${registry} ${name} ${sourceDigest}`;
  return platformSet === ALL_PLATFORMS ? whole : `${whole} ${platformSet}`;
}

/** The placement that such a trouble is about. */
export function findTroubledPlacement(trouble: string): NoticedPlacement | undefined {
  const [kind, registry = '', name = '', sourceDigest = '', platforms] = trouble.split(' ');
  return kind === 'placement' && isRepositoryName(name) && isDigest(sourceDigest)
    ? { registry, name, sourceDigest, platformSet: platformSetOf(platforms?.split(',') ?? []) }
    : undefined;
}

export function ofPlacement(event: PlacementEvent, at: number): Occurrence {
  const { registry, name, sourceDigest } = event;
  const image = `${name}@${sourceDigest}`;
  const about = { registry, name, image, at, path: `/v1/images/${name}`, trouble: placementTrouble(event) };
  return event.type === 'placement.withdrawn'
    ? {
        ...{ ...QUIET, ...about, event: 'placement.lost', outcome: 'lost', stage: 'placement', mood: 'bad' },
        detail: en.details.placementLost,
      }
    : {
        ...{ ...QUIET, ...about, event: 'placement.repaired', outcome: 'repaired', stage: 'placement', mood: 'good' },
        ...{ detail: en.details.placementRepaired, onlyAfterTrouble: true, ends: 'placement.lost' },
      };
}
