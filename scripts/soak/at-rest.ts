import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakWorld } from './soak-world.ts';
import type { Workload } from './workload.ts';

/** A leg that failed often waits for up to five minutes before it tries again. */
const REST_MS = 420_000;

/** Until every push, carry-over and benchmark has come to its end; false when that takes too long. */
export async function untilAtRest(world: SoakWorld, workload: Workload): Promise<boolean> {
  for (const endsAt = Date.now() + REST_MS; Date.now() < endsAt; await sleep(500)) {
    const { body } = await world.api.send('GET', '/v1/pushes?state=running&limit=1');
    const states = await Promise.all(
      workload.benchmarks.map(async ({ id }) => (await world.api.send('GET', `/v1/benchmarks/${id}`)).body.state),
    );
    if (Array.isArray(body.items) && body.items.length === 0 && states.every((state) => state === 'finished'))
      return true;
  }
  return false;
}
