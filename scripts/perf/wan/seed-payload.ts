import { randomUUID } from 'node:crypto';
import { openDockerRegistry } from '../../../test/support/docker-registry.ts';
import { pushImage } from '../../../test/support/seed-image.ts';
import { makeImage } from '../../../test/support/test-image.ts';
import type { WanRow } from './wan-rows.ts';

export const PAYLOAD_REPOSITORY = 'team/app';

/** The tag under which a payload is found at the source. */
export function tagOf({ bytes, layers }: WanRow['payload']): string {
  return `b${bytes}-l${layers}`;
}

/**
 * Puts the payloads into the folder that the source registries of all measurements serve. Layers do not compress, and
 * are new each time.
 */
export async function seedPayloads(folder: string, payloads: readonly WanRow['payload'][]): Promise<void> {
  await using registry = await openDockerRegistry({ folder });
  const seed = randomUUID();
  const seen = new Set<string>();
  for (const payload of payloads) {
    const tag = tagOf(payload);
    if (seen.has(tag)) continue;
    seen.add(tag);
    const size = Math.floor(payload.bytes / payload.layers);
    const layers = Array.from({ length: payload.layers }, (_, n) => ({ size, seed: `${seed} ${tag} ${n}` }));
    await pushImage(registry.url, PAYLOAD_REPOSITORY, tag, makeImage({ layers, seed: `${seed} ${tag}` }));
  }
}
