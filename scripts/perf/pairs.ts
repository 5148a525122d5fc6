import { median } from '../../src/bench/statistics/quantile.ts';
import { cpuSeconds } from './children.ts';

/** What one run took: on the clock, and of the processors by the service that was asked. */
export type Cost = { readonly seconds: number; readonly cpuSeconds: number };

/** The same work done by a peer and by the service, one right after the other. */
export type Pair = { readonly theirs: Cost; readonly ours: Cost };

export type Comparison = {
  /** Medians. */
  readonly theirs: Cost;
  readonly ours: Cost;
  /** Ours to theirs of each pair, and the medians of these: what else the machine does strikes both of a pair. */
  readonly wallRatios: readonly number[];
  readonly wallRatio: number;
  readonly cpuRatio: number;
};

/** What `work` takes, and what the process that it asks takes meanwhile. */
export async function costOf(pid: number, work: () => Promise<void>): Promise<Cost> {
  const [beganAt, usedBefore] = [performance.now(), cpuSeconds(pid)];
  await work();
  return { seconds: (performance.now() - beganAt) / 1_000, cpuSeconds: cpuSeconds(pid) - usedBefore };
}

export function comparePairs(pairs: readonly Pair[]): Comparison {
  const medianCost = (costs: readonly Cost[]): Cost => ({
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
  });
  const wallRatios = pairs.map(({ theirs, ours }) => ours.seconds / theirs.seconds);
  return {
    theirs: medianCost(pairs.map(({ theirs }) => theirs)),
    ours: medianCost(pairs.map(({ ours }) => ours)),
    wallRatios,
    wallRatio: median(wallRatios),
    cpuRatio: median(pairs.map(({ theirs, ours }) => ours.cpuSeconds / theirs.cpuSeconds)),
  };
}

export function formatComparison({ theirs, ours, wallRatio, wallRatios, cpuRatio }: Comparison): readonly string[] {
  const cost = ({ seconds, cpuSeconds }: Cost) => `${seconds.toFixed(2)} s wall, ${cpuSeconds.toFixed(2)} s CPU`;
  const each = wallRatios.map((ratio) => ratio.toFixed(2)).join(', ');
  return [
    `docker-registry  ${cost(theirs)}`,
    `the service      ${cost(ours)}`,
    `wall ${wallRatio.toFixed(2)} (goal 1: ${wallRatio <= 1 ? 'reached' : 'MISSED'}; pairs ${each}), CPU ${cpuRatio.toFixed(2)}`,
  ];
}
