import { parsePlatform } from '../../oci/platform.ts';
import { platformSetOf, platformsIn } from '../../oci/platform-set.ts';
import type { Selection } from '../copy/selection.ts';
import type { PushRecord } from './push-record.ts';

/** What a push carries to a registry, which may not take attestations. */
export function selectionOf(
  push: Pick<PushRecord, 'platforms' | 'referrers'>,
  attestations: 'keep' | 'drop',
): Selection {
  const platforms = platformsIn(platformSetOf(push.platforms)).map(parsePlatform);
  return { platforms, referrers: push.referrers, attestations };
}
