import { parseRelease } from '../oci/reference.ts';
import { read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';
import { type Push, releaseSchema } from './api-schema.ts';
import type { Texts } from './texts/texts.ts';

/**
 * What registries lack of what was pushed, as their placements say it. Asked for only where a registry holds another
 * digest than the push; what cannot be asked is not said, and does not make the push a failure.
 */
export async function placementNotes(client: ApiClient, push: Push, texts: Texts): Promise<string[]> {
  const differs = push.transfers.some(
    ({ state, digest }) => state === 'placed' && digest !== null && digest !== push.digest,
  );
  if (!differs) return [];
  try {
    const { name, tag } = parseRelease(push.image);
    const path = `/v1/images/${encodeURIComponent(name)}/tags/${encodeURIComponent(tag)}`;
    const { placements } = read(releaseSchema, await client.request({ method: 'GET', path }));
    return placements.flatMap(({ registry, note }) =>
      note === null ? [] : [texts.placements.inSummary(registry, note)],
    );
  } catch {
    return [];
  }
}
