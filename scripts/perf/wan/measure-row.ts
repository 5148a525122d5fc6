import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openWan, type Wan } from '../../../test/support/wan/open-wan.ts';
import { WAN_WORLDS } from '../../../test/support/wan/wan-worlds.ts';
import type { FarSide, FarSides } from './far-side.ts';
import { runService, type ServiceRun } from './run-service.ts';
import { runSkopeo } from './run-skopeo.ts';
import type { WanRow } from './wan-rows.ts';

const RUN_TIMEOUT_MS = 600_000;

export type Bench = {
  readonly farSides: FarSides;
  /** Where the payloads were put, and where runs may write. */
  readonly sourceFolder: string;
  readonly folder: string;
  readonly runs: number;
  readonly withSkopeo: boolean;
  readonly signal: AbortSignal;
  say(text: string): void;
};

export type RowRuns = {
  readonly skopeoSeconds: number | null;
  /** The run in the middle, and all that ended placed, of so many that were begun. */
  readonly own: ServiceRun | null;
  readonly each: readonly ServiceRun[];
  readonly begun: number;
};

/** skopeo and the service in turns over the same work, each in a new laboratory; medians, null where most runs failed. */
export async function measureRow(row: WanRow, bench: Bench): Promise<RowRuns> {
  const skopeo: (number | undefined)[] = [];
  const own: (ServiceRun | undefined)[] = [];
  for (let n = 1; n <= bench.runs && !bench.signal.aborted; n += 1) {
    // skopeo has one target.
    if (bench.withSkopeo && row.targets.length === 1) {
      skopeo.push(
        await attempt(
          row,
          bench,
          `skopeo ${n}`,
          (seconds) => formatSeconds(seconds),
          (wan, at, signal) => runSkopeo(row, wan, at, signal),
        ),
      );
    }
    own.push(
      await attempt(row, bench, `entrepot ${n}`, describeRun, (wan, at, signal) => runService(row, wan, at, signal)),
    );
  }
  bench.signal.throwIfAborted();
  return {
    skopeoSeconds: findMedian(skopeo, (seconds) => seconds) ?? null,
    own: findMedian(own, (run) => run.seconds) ?? null,
    each: own.filter((run) => run !== undefined),
    begun: own.length,
  };
}

type Places = { readonly folder: string; readonly source: string; readonly targets: readonly string[] };

async function attempt<T>(
  row: WanRow,
  bench: Bench,
  name: string,
  describe: (result: T) => string,
  work: (wan: Wan, at: Places, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  bench.signal.throwIfAborted();
  const folder = join(bench.folder, 'run');
  await mkdir(folder, { recursive: true });
  await using wan = await openWan(WAN_WORLDS[row.world]);
  const started: FarSide[] = [];
  try {
    // Both a source and a target on the mover's own host, where there is one, are spoken to over its loopback.
    const addressOf = (side: FarSide) => side.address.replace(`${row.mover}:`, '127.0.0.1:');
    started.push(await bench.farSides.start('docker-registry', wan, row.source, bench.sourceFolder));
    for (const target of row.targets)
      started.push(await bench.farSides.start(row.farSide, wan, target, join(folder, target)));
    const [source = '', ...targets] = started.map(addressOf);
    const signal = AbortSignal.any([bench.signal, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
    const result = await work(wan, { folder, source, targets }, signal);
    bench.say(`  ${row.id}  ${name.padEnd(10)} ${describe(result)}`);
    return result;
  } catch (error) {
    bench.signal.throwIfAborted();
    bench.say(`  ${row.id}  ${name.padEnd(10)}  failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  } finally {
    for (const side of started) await side.stop();
    await wan.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1).padStart(7)} s`;
}

function describeRun({ seconds, connections, retransmitted, replaced, blobsRestarted }: ServiceRun): string {
  const facts = [
    `${connections} connections`,
    `${(retransmitted * 100).toFixed(1)} % sent again by TCP`,
    ...(replaced === 0 ? [] : [`${replaced} connections replaced`]),
    ...(blobsRestarted === 0 ? [] : [`${blobsRestarted} blobs begun anew`]),
  ];
  return `${formatSeconds(seconds)}  ${facts.join(', ')}`;
}

/** Failures count as slower than everything: when they are in the middle there is no median. */
function findMedian<T>(results: readonly (T | undefined)[], of: (result: T) => number): T | undefined {
  const key = (result: T | undefined) => (result === undefined ? Number.POSITIVE_INFINITY : of(result));
  return [...results].sort((a, b) => (key(a) < key(b) ? -1 : 1))[Math.floor((results.length - 1) / 2)];
}
