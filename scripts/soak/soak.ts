// Uses the service from all sides while it is killed and links are reset, then holds what it acknowledged against what
// is there: `npm run soak -- [--minutes 20] [--seed 1] [--json]`. The last line is
// `N kills, N acknowledged, 0 lost, 0 false, 0 leaked`; exit 1 when anything is.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { untilAtRest, untilGivenBack } from './at-rest.ts';
import { findGrowth } from './growth.ts';
import { watch } from './memory-watch.ts';
import { runCheck, writeLedger } from './run-check.ts';
import { Seeded } from './seeded.ts';
import { openSoakWorld, type SoakWorld } from './soak-world.ts';
import { Workload } from './workload.ts';

const KILLS_PER_MINUTE = 10;
const LIVES_MS = { from: 700, to: 3_300 };
/** Without kills, at the end of the work: first the service warms up, then what grows, leaks. */
const WARM_UP_MS = 15_000;
const WATCH_EVERY_MS = 500;
const WATCH_MS_PER_MINUTE = 10_000;
const MAX_WATCH_MS = 300_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0 && minutes <= 240) || !Number.isInteger(seed)) {
  process.stderr.write('soak: --minutes takes a number up to 240, --seed a whole number\n');
  process.exit(2);
}
const exitCode = await run();
// Not by itself: Node may turn for ever over handles of connections that were reset, when it lets go of them at its end
// (`CleanupHandles`, seen with 24.21).
process.stdout.write('', () => process.exit(exitCode));

async function run(): Promise<number> {
  await using world = await openSoakWorld(seed);
  const random = new Seeded(seed);
  const workload = new Workload(world, seed);
  const kills = Math.max(1, Math.round(minutes * KILLS_PER_MINUTE));
  say(`seed ${seed}: ${kills} kills`);
  const resets = resetLinks(world, new Seeded(seed + 1));
  for (let kill = 1; kill <= kills; kill += 1) {
    await sleep(random.between(LIVES_MS.from, LIVES_MS.to));
    await world.killAndStart();
    if (kill % 10 === 0)
      say(`${kill} kills, ${workload.acknowledged} acknowledged, ${workload.counts.resolved} resolved`);
  }
  const grown = await watchGrowth(world);
  await workload.stop();
  const resetCount = await resets.stop();
  say(`${resetCount} resets of links; waiting for what was acknowledged`);
  if (!(await untilAtRest(world, workload))) say('not everything has come to its end');
  // Whatever a start has to clean up is cleaned up then.
  await world.killAndStart();
  if (!(await untilGivenBack(world))) say('not every upload that was left is given back');
  const found = await runCheck(await writeLedger(world, workload));
  const wrong = [...found.false, ...workload.wrong];
  const leaked = [...found.leaked, ...grown];
  for (const [what, list] of Object.entries({ lost: found.lost, false: wrong, leaked }))
    for (const line of list.slice(0, 20)) say(`${what}: ${line}`);
  if (found.lost.length + wrong.length > 0) say(`the last of the log:\n${world.lastLog()}`);
  const { registry, door, archive } = workload.pushes;
  say(
    `acknowledged: ${registry} pushes from a registry, ${door} through the door, ${archive} archives, ${workload.choices.length} choices, ${workload.benchmarks.length} benchmarks; answered meanwhile: ${workload.counts.resolved} resolves, ${workload.counts.pulled} blobs pulled`,
  );
  say(`${found.orphans.length} sessions at registries whose address never reached the service; registries expire them`);
  const figures = {
    kills,
    acknowledged: workload.acknowledged,
    lost: found.lost.length,
    false: wrong.length,
    leaked: leaked.length,
  };
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ seed, resets: resetCount, orphans: found.orphans.length, ...workload.counts, ...figures })}\n`,
    );
  else
    process.stdout.write(
      `${Object.entries(figures)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}\n`,
    );
  return figures.lost + figures.false + figures.leaked === 0 ? 0 : 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function resetLinks(world: SoakWorld, random: Seeded): { stop(): Promise<number> } {
  const stopping = new AbortController();
  let count = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(random.between(1_000, 5_000), undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      world.resetLink(random.pick(Object.keys(world.registries)) ?? '');
      count += 1;
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
      return count;
    },
  };
}

/** Watches one service under the full work, once it is warm: what it holds at the end more than at the beginning. */
async function watchGrowth(world: SoakWorld): Promise<readonly string[]> {
  const memory = await world.watchMemory();
  try {
    await watch(memory, WARM_UP_MS, WATCH_EVERY_MS);
    const watchMs = Math.min(MAX_WATCH_MS, minutes * WATCH_MS_PER_MINUTE);
    const samples = await watch(memory, watchMs, WATCH_EVERY_MS);
    const { heapBytes, residentBytes, files, leaks } = findGrowth(samples);
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    say(
      `warm, in ${watchMs / 1_000} s of work: ${megabytes(heapBytes)} more in use, ${megabytes(residentBytes)} more resident, ${files} more files open`,
    );
    return leaks;
  } finally {
    memory.close();
  }
}
