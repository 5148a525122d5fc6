import type { Resolution } from '../../choice/resolution.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import { prefersText } from '../prefers-text.ts';
import type { Resolve } from '../schema/resolve-schema.ts';

export function presentResolution(resolution: Resolution): Resolve {
  return {
    reference: resolution.reference,
    registry: resolution.registry,
    region: resolution.region,
    digest: resolution.digest,
    sourceDigest: resolution.sourceDigest,
    tag: resolution.tag,
    state: resolution.state,
    reason: resolution.reason,
    choice:
      resolution.choice === null
        ? null
        : { registry: resolution.choice.registry, revision: resolution.choice.revision },
    verifiedAt: toTimestamp(resolution.verifiedAt),
    asOf: toTimestamp(resolution.asOf),
    push: resolution.push,
    alternatives: resolution.alternatives.map(({ reference, registry, region, verifiedAt }) => ({
      reference,
      registry,
      region,
      verifiedAt: toTimestamp(verifiedAt),
    })),
  };
}

/** The body of an answer in the form that the `Accept` header asks for. */
export function writeResolution(resolution: Resolution, accept: string | undefined): { body: string; type: string } {
  if (prefersText(accept)) return { body: `${resolution.reference}\n`, type: 'text/plain; charset=utf-8' };
  return { body: JSON.stringify(presentResolution(resolution)), type: 'application/json' };
}
