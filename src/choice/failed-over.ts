import { isDigest } from '../oci/digest.ts';
import type { PassedOver } from './registry-failover.ts';
import type { Resolution, ResolutionAlternative } from './resolution.ts';

/**
 * An answer with the registries that fail at the site passed over: the first of its order that does not is taken, and
 * `reason` says so. Where all of them fail it stays as it was.
 */
export function failedOver(resolution: Resolution, find: (registry: string) => PassedOver | undefined): Resolution {
  const out = find(resolution.registry);
  if (out === undefined) return resolution;
  const first: ResolutionAlternative = {
    reference: resolution.reference,
    registry: resolution.registry,
    region: resolution.region,
    verifiedAt: resolution.verifiedAt,
  };
  const taken = resolution.alternatives.find(({ registry }) => find(registry) === undefined);
  const digest = taken?.reference.slice(taken.reference.indexOf('@') + 1) ?? '';
  if (taken === undefined || !isDigest(digest)) return resolution;
  const before = resolution.reason === null ? '' : `${resolution.reason}; `;
  return {
    ...resolution,
    ...taken,
    digest,
    state: 'fallback',
    reason: `${before}${resolution.registry} fails at this site: ${out.reason}`,
    alternatives: [first, ...resolution.alternatives.filter((each) => each !== taken)],
  };
}
