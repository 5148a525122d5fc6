// `npm run perf`: the figures of docs/performance.md, as ratios measured against a peer or a baseline in the same run.
// `-- --help` says which there are.
import { formatByteSize } from '../../src/kernel/byte-size.ts';
import { canRunWan } from '../../test/support/wan/can-run-wan.ts';
import { readCommandLine, readCount } from './command-line.ts';
import { formatPerfHelp } from './help.ts';
import { formatComparison } from './pairs.ts';
import { measureCampaign } from './perf-campaign.ts';
import { measureCopy } from './perf-copy.ts';
import { measureDoor } from './perf-door.ts';
import { CI_BYTES_PER_SECOND, LINK_BYTES_PER_SECOND, measureLag } from './perf-lag.ts';
import { measurePull } from './perf-pull.ts';
import { measureReport } from './perf-report.ts';
import { measureResolve } from './perf-resolve.ts';
import { measureSampler } from './perf-sampler.ts';
import { measureStart } from './perf-start.ts';
import { measureUnchanged } from './perf-unchanged.ts';

const ALL = ['copy', 'door', 'lag', 'pull', 'memory', 'resolve', 'start', 'unchanged', 'report', 'campaign', 'sampler'];
const { values, positionals } = readCommandLine(
  () => formatPerfHelp(ALL),
  {
    json: { type: 'boolean', default: false },
    gigabytes: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
  },
  ALL,
);
const wanted = new Set(positionals.length === 0 ? ALL : positionals);
const GB = 1e9;
const rounds = readCount('--rounds', values.rounds);
const results: Record<string, unknown> = {};
const say = (text: string) => process.stderr.write(`${text}\n`);
const goal = (holds: boolean) => (holds ? 'reached' : 'MISSED');

if (wanted.has('copy')) {
  const bytes = Number(values.gigabytes) * GB;
  for (const durable of [true, false]) {
    const figures = await measureCopy({ layers: 4, layerBytes: bytes / 4, durable });
    results[durable ? 'copy' : 'copyWithoutSync'] = figures;
    say(
      `copy ${formatByteSize(bytes)} in 4 layers, docker-registry to docker-registry${durable ? '' : ', the depot not synced'}`,
    );
    say(`  skopeo    ${figures.skopeo.wallSeconds.toFixed(2)} s wall, ${figures.skopeo.cpuSeconds.toFixed(2)} s CPU`);
    say(
      `  entrepot  ${figures.entrepot.wallSeconds.toFixed(2)} s wall, ${figures.entrepot.cpuSeconds.toFixed(2)} s CPU`,
    );
    say(
      `  wall ${figures.wallRatio.toFixed(2)} (goal 1.25: ${goal(figures.wallRatio <= 1.25)}), CPU ${figures.cpuRatio.toFixed(2)} (goal 1.3: ${goal(figures.cpuRatio <= 1.3)})`,
    );
    say(
      `  peak memory ${formatByteSize(figures.memoryOverIdleBytes)} over idle (goal 120 MB: ${goal(figures.memoryOverIdleBytes <= 120e6)})`,
    );
  }
}

if (wanted.has('door')) {
  const bytes = Number(values.gigabytes) * GB;
  const figures = await measureDoor(bytes, rounds);
  results.door = figures;
  say(`pushing ${formatByteSize(bytes)} in 4 layers by skopeo`);
  for (const line of formatComparison(figures.pushed)) say(`  ${line}`);
  for (const [clients, over] of [
    ['one client', figures.oneClientOverIdleBytes],
    ['50 clients', figures.fiftyClientsOverIdleBytes],
  ] as const)
    say(`  ${clients}: peak memory ${formatByteSize(over)} over idle (goal 120 MB: ${goal(over <= 120e6)})`);
}

if (wanted.has('door') || wanted.has('lag')) {
  const bytes = Number(values.gigabytes) * 0.25 * GB;
  const figures = await measureLag(bytes);
  results.lag = figures;
  const [ci, link] = [CI_BYTES_PER_SECOND, LINK_BYTES_PER_SECOND].map(formatByteSize);
  say(`placing ${formatByteSize(bytes)}: from the last manifest to placed, as a share of the whole, each run`);
  for (const { layers, isPaced, lags } of figures.runs) {
    const how = isPaced ? `CI sends ${ci} a second, the link carries ${link}` : 'as fast as the machine goes';
    const each = lags.map(({ seconds, share }) => `${(share * 100).toFixed(1)} % (${seconds.toFixed(2)} s)`).join(', ');
    const verdict = isPaced ? ` (goal 10 %: ${goal(lags.every(({ share }) => share <= 0.1))})` : '';
    say(`  ${layers === 1 ? 'one layer' : `${layers} layers`}, ${how}: ${each}${verdict}`);
  }
}

if (wanted.has('pull')) {
  const bytes = Number(values.gigabytes) * GB;
  const figures = await measurePull(bytes, rounds);
  results.pull = figures;
  say(`pulling ${formatByteSize(bytes)} in 4 layers by skopeo`);
  for (const line of formatComparison(figures.pulled)) say(`  ${line}`);
  for (const [how, { ours, theirs, wallRatio, wallRatios }] of [
    ['by curl, which does nothing with the bytes', figures.pulledByCurl],
    ['a bare Node server, which checks nothing', figures.bare],
    ['the first pull since both were started', figures.pulledFirst],
    ['the same by a service that lost the codes of blocks and has to hash', figures.pulledUncoded],
  ] as const) {
    const each = wallRatios.map((ratio) => ratio.toFixed(2)).join(', ');
    const cost = `${ours.seconds.toFixed(2)} s wall, ${ours.cpuSeconds.toFixed(2)} s CPU`;
    say(
      `  ${how}: ${cost}; wall ${wallRatio.toFixed(2)} of docker-registry's ${theirs.seconds.toFixed(2)} s (${each})`,
    );
  }
  for (const [clients, over] of [
    ['one client', figures.oneClientOverIdleBytes],
    ['50 clients', figures.fiftyClientsOverIdleBytes],
  ] as const)
    say(`  ${clients}: peak memory ${formatByteSize(over)} over idle (goal 120 MB: ${goal(over <= 120e6)})`);
}

if (wanted.has('memory')) {
  const one = await measureCopy({ layers: 1, layerBytes: GB, rounds: 1, withSkopeo: false });
  const ten = await measureCopy({ layers: 1, layerBytes: 10 * GB, rounds: 1, withSkopeo: false });
  const ratio = ten.entrepot.peakBytes / one.entrepot.peakBytes;
  results.memory = { one: one.entrepot, ten: ten.entrepot, ratio };
  say('memory, one layer');
  say(
    `  of 1 GB   peak ${formatByteSize(one.entrepot.peakBytes)}, ${formatByteSize(one.memoryOverIdleBytes)} over idle (goal 120 MB: ${goal(one.memoryOverIdleBytes <= 120e6)})`,
  );
  say(
    `  of 10 GB  peak ${formatByteSize(ten.entrepot.peakBytes)}, ${formatByteSize(ten.memoryOverIdleBytes)} over idle (goal 120 MB: ${goal(ten.memoryOverIdleBytes <= 120e6)})`,
  );
  say(`  ratio ${ratio.toFixed(2)} (goal 0.85 to 1.15: ${goal(Math.abs(ratio - 1) <= 0.15)})`);
}

if (wanted.has('resolve')) {
  const few = await measureResolve(100);
  const many = await measureResolve(100_000);
  const kept = many.resolve.perSecond / many.bare.perSecond / (few.resolve.perSecond / few.bare.perSecond);
  results.resolve = { few, many, kept };
  for (const figures of [few, many]) {
    say(`resolve over ${figures.releases} releases, 32 connections`);
    say(`  bare Hono ${Math.round(figures.bare.perSecond)}/s, p99 ${figures.bare.p99Ms.toFixed(2)} ms`);
    say(`  resolve   ${Math.round(figures.resolve.perSecond)}/s, p99 ${figures.resolve.p99Ms.toFixed(2)} ms`);
    say(
      `  ${Math.round(figures.share * 100)} % of bare (goal 50 %: ${goal(figures.share >= 0.5)}), p99 ${figures.p99Ratio.toFixed(2)} times (goal 3: ${goal(figures.p99Ratio <= 3)})`,
    );
  }
  say(
    `  over 100,000 releases ${Math.round(kept * 100)} % of the rate over 100, each as a share of bare (goal 75 %: ${goal(kept >= 0.75)})`,
  );
}

if (wanted.has('start')) {
  const figures = await measureStart(100_000);
  results.start = figures;
  say(`starting over ${figures.releases} releases, to the first 200 of /readyz`);
  for (const [how, start, limit] of [
    ['nothing compiled before', figures.cold, 2.5],
    ['compiled before', figures.warm, 1.5],
  ] as const)
    say(
      `  ${how.padEnd(23)} ${start.seconds.toFixed(2)} s (goal ${limit}: ${goal(start.seconds <= limit)}), ${start.cpuSeconds.toFixed(2)} s CPU; the first resolve ${start.firstResolveMs.toFixed(0)} ms`,
    );
}

if (wanted.has('unchanged')) {
  const figures = await measureUnchanged(500);
  results.unchanged = figures;
  say(`pushing ${figures.releases} unchanged releases again, to ${figures.registries} registries`);
  say(
    `  requests per release: source ${figures.sourcePerRelease.toFixed(2)}, each registry at most ${figures.worstTargetPerRelease.toFixed(2)} (goal 1: ${goal(figures.sourcePerRelease <= 1 && figures.worstTargetPerRelease <= 1)})`,
  );
  say(`  ${figures.perSecond.toFixed(0)} pushes/s`);
}

if (wanted.has('report')) {
  const figures = await measureReport(1_000_000, 5);
  results.report = figures;
  const { seconds, firstSeconds, pageSeconds, recommendSeconds, lateMs, error } = figures;
  say(
    `report over ${figures.samples} samples of ${Math.round(figures.days)} days, from ${figures.hours} hours of sketches, its recommendation from raw samples`,
  );
  say(`  ${seconds.toFixed(2)} s (goal 1 s: ${goal(seconds <= 1)}), the first ${firstSeconds.toFixed(2)} s`);
  say(`  as a page ${pageSeconds.toFixed(2)} s; the recommendation alone ${recommendSeconds.toFixed(2)} s`);
  say(`  quantiles off by at most ${(error * 100).toFixed(2)} % (goal 1 %: ${goal(error <= 0.01)})`);
  say(`  event loop late by at most ${lateMs.toFixed(0)} ms (goal 50 ms: ${goal(lateMs <= 50)})`);
  say(
    `  peak memory ${formatByteSize(figures.memoryOverIdleBytes)} over idle (goal 120 MB: ${goal(figures.memoryOverIdleBytes <= 120e6)})`,
  );
}

if (wanted.has('campaign')) {
  const figures = await measureCampaign(20);
  results.campaign = figures;
  const { overIdleBytes: over, firstOverIdleBytes: first, lastOverIdleBytes: last } = figures;
  say(`a benchmark of ${figures.rounds} rounds, ${figures.samples} uploads of 1 and 16 MB to four docker-registries`);
  say(`  peak memory ${formatByteSize(over)} over idle (goal 120 MB: ${goal(over <= 120e6)})`);
  say(`  in its first two rounds ${formatByteSize(first)}, in its last two ${formatByteSize(last)}`);
}

const { missing } = canRunWan();
if (wanted.has('sampler') && missing.length > 0) say(`sampler: is left out; missing: ${missing.join(', ')}`);
else if (wanted.has('sampler')) {
  const figures = await measureSampler();
  results.sampler = figures;
  say(
    'uploads of 12 MB to Singapore over a line capped at 8 Mbit/s, with the sampler beside them and without, in turns',
  );
  for (const [sampled, alone] of figures.pairs) say(`  ${sampled.toFixed(2)} s and ${alone.toFixed(2)} s`);
  say(
    `  the sampler takes ${(figures.cost * 100).toFixed(1)} % of the goodput (goal 3 %: ${goal(figures.cost <= 0.03)})`,
  );
}

if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
