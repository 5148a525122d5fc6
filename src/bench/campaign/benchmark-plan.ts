import { randomInt } from 'node:crypto';
import { Failure } from '../../kernel/failure.ts';
import type { World } from '../../regions/world.ts';
import { DIAGNOSIS_BYTES } from '../flow-diagnosis.ts';
import type { BenchmarkPlan } from './benchmark-record.ts';
import type { NewBenchmark } from './benchmarks.ts';
import { planRound } from './round-order.ts';

type PlanWorld = Pick<World, 'registries' | 'measuring' | 'sites' | 'clusters'>;
type Mistake = { path: string; detail: string };
type NeededPayload = { readonly registry: string; readonly payloadBytes: number };

/** What is wanted with everything that was left out. Throws `registry_unknown`, and `validation_failed` with every mistake. */
export function toPlan(world: PlanWorld, wanted: NewBenchmark): BenchmarkPlan {
  const { registries, measuring } = world;
  const relays = registries.filter(({ role, enabled }) => role === 'relay' && enabled).map(({ name }) => name);
  const known = registries.filter(({ enabled }) => enabled).map(({ name }) => name);
  const chosen = wanted.registries ?? relays;
  const unknown = chosen.find((name) => !registries.some((entry) => entry.name === name));
  if (unknown !== undefined) throw registryUnknown(unknown, known);
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
  if (wanted.flows === true && !plan.legs.includes('upload'))
    errors.push({ path: 'flows', detail: 'compares uploads: legs must name upload' });
  if (wanted.flows === true && DIAGNOSIS_BYTES > Math.min(measuring.bytesPerDay, measuring.bytesPerDayAndRegistry))
    errors.push({ path: 'flows', detail: `must fit the budget of a day: it moves up to ${DIAGNOSIS_BYTES} bytes` });
  if (sites !== undefined && plan.sites === undefined)
    errors.push({ path: 'sites', detail: 'are where downloads are taken: legs must name download' });
  const left = plan.legs.includes('download') ? ', with what is left there for downloads,' : '';
  const mistakeOf = (who: string, bytes: number, setting: 'bytesPerDay' | 'bytesPerDayAndRegistry') =>
    bytes <= measuring[setting]
      ? []
      : [
          {
            path: 'payloads',
            detail: `must fit the budget of a day: the first round${left} moves ${bytes} bytes${who}, and measuring.${setting} is ${measuring[setting]}`,
          },
        ];
  const toEach = mistakeOf(
    ' to each registry',
    bytesOfFirstRound({ ...plan, registries: ['one'] }),
    'bytesPerDayAndRegistry',
  );
  errors.push(...(toEach.length > 0 ? toEach : mistakeOf('', bytesOfFirstRound(plan), 'bytesPerDay')));
  if (errors.length > 0)
    throw new Failure('validation_failed', errors.map(({ path, detail }) => `${path} ${detail}`).join('; '), {
      errors,
    });
  return plan;
}

function registryUnknown(name: string, known: readonly string[]): Failure {
  return new Failure(
    'registry_unknown',
    `there is no registry "${name.slice(0, 100)}"; there are: ${known.join(', ')}`,
  );
}

/** What comparing one connection with eight moves at most. */
export function bytesOfDiagnoses({ flows = false, registries }: BenchmarkPlan): number {
  return flows ? registries.length * DIAGNOSIS_BYTES : 0;
}

/** What the samples of a round move. */
export function bytesOfRound(plan: BenchmarkPlan): number {
  return planRound(plan, 0).reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
}

/** With what has to be left at each registry before anything can be downloaded from it. */
function bytesOfFirstRound(plan: BenchmarkPlan): number {
  return bytesOfRound(plan) + neededPayloads(plan).reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
}

/** What must lie at the registries for the downloads of a plan: one of each size, however many rounds and sites. */
export function neededPayloads({ legs, registries, payloads }: BenchmarkPlan): readonly NeededPayload[] {
  if (!legs.includes('download')) return [];
  return registries.flatMap((registry) => payloads.map((payloadBytes) => ({ registry, payloadBytes })));
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
