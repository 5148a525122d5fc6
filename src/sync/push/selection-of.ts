import { parsePlatform } from '../../oci/platform.ts';
import type { Selection } from '../copy/selection.ts';
import type { PushRecord } from './push-record.ts';

/** What a push carries to a registry, which may not take attestations. */
export function selectionOf(
  push: Pick<PushRecord, 'platforms' | 'referrers'>,
  attestations: 'keep' | 'drop',
): Selection {
  return { platforms: push.platforms.map(parsePlatform), referrers: push.referrers, attestations };
}
