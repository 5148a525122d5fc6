import { randomInt } from 'node:crypto';
import { Failure } from '../../kernel/failure.ts';
import type { World } from '../../regions/world.ts';
import type { BenchmarkPlan } from './benchmark-record.ts';
import type { NewBenchmark } from './benchmarks.ts';
import { planRound } from './round-order.ts';

type PlanWorld = Pick<World, 'registries' | 'measuring' | 'sites' | 'clusters'>;
type Mistake = { path: string; detail: string };

/** What is wanted with everything that was left out. Throws `validation_failed` with every mistake. */
export function toPlan(world: PlanWorld, wanted: NewBenchmark): BenchmarkPlan {
  const { registries, measuring } = world;
  const relays = registries.filter(({ role, enabled }) => role === 'relay' && enabled).map(({ name }) => name);
  const known = registries.filter(({ enabled }) => enabled).map(({ name }) => name);
  const chosen = wanted.registries ?? relays;
  const errors: Mistake[] = [];
  for (const [index, name] of chosen.entries()) {
    if (!known.includes(name))
      errors.push({ path: `registries[${index}]`, detail: `must be an enabled registry (${known.join(', ')})` });
  }
  if (chosen.length === 0) errors.push({ path: 'registries', detail: 'must be named: no relay is configured' });
  const { sites, ...rest } = wanted;
  const plan = {
    ...rest,
    ...(wanted.legs.includes('download') ? { sites: findSites(world, sites, errors) } : {}),
    registries: chosen,
    seed: wanted.seed ?? randomInt(2 ** 31),
  };
  if (sites !== undefined && plan.sites === undefined)
    errors.push({ path: 'sites', detail: 'are where downloads are taken: legs must name download' });
  const atRegistry = bytesOfRound({ ...plan, registries: ['one'] });
  if (atRegistry > measuring.bytesPerDayAndRegistry)
    errors.push({
      path: 'payloads',
      detail: `must fit the budget of a day: a round moves ${atRegistry} bytes to each registry, and measuring.bytesPerDayAndRegistry is ${measuring.bytesPerDayAndRegistry}`,
    });
  else if (bytesOfRound(plan) > measuring.bytesPerDay)
    errors.push({
      path: 'payloads',
      detail: `must fit the budget of a day: a round moves ${bytesOfRound(plan)} bytes, and measuring.bytesPerDay is ${measuring.bytesPerDay}`,
    });
  if (errors.length > 0)
    throw new Failure('validation_failed', errors.map(({ path, detail }) => `${path} ${detail}`).join('; '), {
      errors,
    });
  return plan;
}

/** What the samples of a round move; a download needs something that was uploaded for it once. */
export function bytesOfRound(plan: BenchmarkPlan): number {
  return planRound(plan, 0).reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
}

/** Those that are named or, where none is, every site with clusters that the service is not at. */
function findSites({ sites, clusters }: PlanWorld, named: readonly string[] | undefined, errors: Mistake[]) {
  const others = sites.filter(({ service }) => !service).map(({ name }) => name);
  for (const [index, site] of (named ?? []).entries()) {
    if (!others.includes(site))
      errors.push({
        path: `sites[${index}]`,
        detail: `must be a site with an agent, not the service's own (${others.join(', ')})`,
      });
  }
  const chosen = named ?? others.filter((site) => clusters.some((cluster) => cluster.site === site));
  if (chosen.length === 0)
    errors.push({ path: 'sites', detail: 'must be named: no cluster is at a site other than the service’s' });
  return chosen;
}
