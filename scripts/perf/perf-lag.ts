import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTHORIZATION, TOKEN } from './children.ts';
import { openPacedLink } from './paced-link.ts';
import { makeImage, push, withService } from './perf-door.ts';

/** From the last manifest to placed at a docker-registry, and that as a share of the whole. */
export type Lag = { readonly seconds: number; readonly share: number };

export type LagFigures = {
  readonly payloadBytes: number;
  readonly runs: readonly { readonly layers: number; readonly isPaced: boolean; readonly lags: readonly Lag[] }[];
};

/**
 * What CI sends a second, and what the link to the target carries: it can just keep up. Both are far below what the
 * machine does, so that it is the design that is measured: where CI, service and target go as fast as they can they
 * take processors and disk from each other, and nobody can say whether the target could have kept up.
 */
export const CI_BYTES_PER_SECOND = 20_000_000;
export const LINK_BYTES_PER_SECOND = 24_000_000;

/** Images of several layers and of one, over the paced link, and as fast as the machine goes, which is only said. */
export async function measureLag(payloadBytes: number, rounds = 3): Promise<LagFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-'));
  try {
    const runs = [];
    for (const layers of [4, 1]) {
      const image = await makeImage(folder, payloadBytes, layers);
      for (const isPaced of [true, false]) {
        const lags: Lag[] = [];
        for (let round = 0; round < rounds; round += 1)
          lags.push(await placeOnce(image, join(folder, `${layers}-${isPaced}-${round}`), isPaced));
        runs.push({ layers, isPaced, lags });
      }
    }
    return { payloadBytes, runs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function placeOnce(image: string, folder: string, isPaced: boolean): Promise<Lag> {
  let seconds = Number.NaN;
  const run = await withService(
    folder,
    true,
    async ({ url, address }) => {
      await using ci = isPaced ? await openPacedLink(url, CI_BYTES_PER_SECOND) : undefined;
      await push(image, ci?.address ?? address, TOKEN);
      const ask = async (path: string) => (await fetch(`${url}${path}`, { headers: AUTHORIZATION })).json();
      const { items } = (await ask('/v1/pushes')) as { items: { id: string }[] };
      const placed = (await ask(`/v1/pushes/${items[0]?.id}?wait=10m`)) as {
        state: string;
        transfers: { lagMs: number }[];
      };
      if (placed.state !== 'placed') throw new Error(`the push is ${placed.state}`);
      seconds = (placed.transfers[0]?.lagMs ?? Number.NaN) / 1_000;
    },
    isPaced ? (url) => openPacedLink(url, LINK_BYTES_PER_SECOND) : undefined,
  );
  return { seconds, share: seconds / run.seconds };
}
