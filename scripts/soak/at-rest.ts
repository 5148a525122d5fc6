import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { openLegCount } from './open-legs.ts';
import type { SoakWorld } from './soak-world.ts';
import type { Workload } from './workload.ts';

/**
 * A leg that failed often waits for up to five minutes before it tries again. Choices carry over thousands of releases,
 * which may take a busy machine longer; but then there are fewer left as time goes by.
 */
const REST_MS = 420_000;

/** Until every push, carry-over and benchmark has come to its end; false when none has for too long. */
export async function untilAtRest(world: SoakWorld, workload: Workload): Promise<boolean> {
  using legs = openLegCount(world.dataPath);
  return await untilEnded(world, workload, legs.count);
}

async function untilEnded(world: SoakWorld, workload: Workload, countOpen: () => number): Promise<boolean> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let endsAt = Number.POSITIVE_INFINITY; Date.now() < endsAt; await sleep(500)) {
    const open = countOpen();
    if (open < fewest) {
      fewest = open;
      endsAt = Date.now() + REST_MS;
    }
    const { body } = await world.api.send('GET', '/v1/pushes?state=running&limit=1');
    const states = await Promise.all(
      workload.benchmarks.map(async ({ id }) => (await world.api.send('GET', `/v1/benchmarks/${id}`)).body.state),
    );
    if (Array.isArray(body.items) && body.items.length === 0 && states.every((state) => state === 'finished'))
      return true;
  }
  return false;
}

/** Twelve times what an upload is kept that no push needs. */
const GIVEN_BACK_MS = 60_000;

/** Until the journal is empty: what nobody takes up again was given back to its registry. False when that takes too long. */
export async function untilGivenBack({ dataPath }: SoakWorld): Promise<boolean> {
  const database = new Database(join(dataPath, 'entrepot.db'), { readonly: true });
  try {
    const noted = database.prepare('select 1 from uploads limit 1');
    for (const endsAt = Date.now() + GIVEN_BACK_MS; Date.now() < endsAt; await sleep(200))
      if (noted.get() === undefined) return true;
    return false;
  } finally {
    database.close();
  }
}
