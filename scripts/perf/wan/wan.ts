// `npm run perf:wan`: pushes over long, lossy links, by skopeo and by the service, in a laboratory of network namespaces.
// Progress and the table go to stderr; with --json stdout holds one array. `-- --help` says the rest.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRunWan, hasCongestionControl, hasProgram } from '../../../test/support/wan/can-run-wan.ts';
import { WAN_WORLDS } from '../../../test/support/wan/wan-worlds.ts';
import { readCommandLine, readCount } from '../command-line.ts';
import { prepareFarSides } from './far-side.ts';
import { formatHelp } from './help.ts';
import { judgeRow } from './judge-row.ts';
import { measureRow, type RowRuns } from './measure-row.ts';
import { formatTable, type RowFigures, type RowResult } from './result-table.ts';
import { seedPayloads } from './seed-payload.ts';
import { floorSecondsOf, makeFloorRow, makeWanRows, type WanRow } from './wan-rows.ts';

const values = readCommandLine(formatHelp, {
  only: { type: 'string', default: '' },
  runs: { type: 'string', default: '3' },
  'no-skopeo': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  megabytes: { type: 'string' },
}).values;
const say = (text: string) => process.stderr.write(`${text}\n`);
const megabytes = values.megabytes === undefined ? undefined : readCount('--megabytes', values.megabytes);
const runs = readCount('--runs', values.runs);
const rows = makeWanRows(megabytes).filter((row) => row.id.startsWith(values.only));
const floorRows = rows.flatMap((row) => row.floorFrom ?? []).flatMap((id) => makeFloorRow(id, megabytes) ?? []);
const results: RowResult[] = [];
/** Figures by id, so that a row that is also another's floor is measured once. */
const measured = new Map<string, RowRuns>();
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort(new Error(`ended by ${name}`)));

const { can, missing } = canRunWan();
const lacking = [
  ...missing,
  ...(hasProgram('docker-registry') ? [] : ['docker-registry (2.8), which holds the images']),
];
if (rows.length === 0)
  say(
    `no row begins with ${values.only}; there are ${makeWanRows()
      .map(({ id }) => id)
      .join(', ')}`,
  );
if (lacking.length > 0) {
  say(`the WAN rows cannot be measured here; missing: ${lacking.join(', ')}`);
} else {
  await measureAll();
}
for (const row of rows.slice(results.length)) results.push(resultOf(row, undefined));
if (values.json)
  process.stdout.write(
    `${JSON.stringify(
      results.map(({ figures }) => figures),
      null,
      2,
    )}\n`,
  );
process.exit(stop.signal.aborted ? 130 : !can || lacking.length > 0 || rows.length === 0 ? 1 : 0);

async function measureAll(): Promise<void> {
  const withSkopeo = !values['no-skopeo'] && hasProgram('skopeo');
  if (!values['no-skopeo'] && !withSkopeo) say('skopeo is not installed: nothing to compare with');
  if (!hasCongestionControl('bbr'))
    say('this kernel has no bbr (modprobe tcp_bbr): rows of one layer cannot reach their goals with what it has');
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-perf-wan-'));
  try {
    const farSides = await prepareFarSides(new Set(rows.map((row) => row.farSide)), folder);
    const sourceFolder = join(folder, 'source');
    await mkdir(sourceFolder);
    say('making the payloads');
    await seedPayloads(
      sourceFolder,
      [...rows, ...floorRows].map((row) => row.payload),
    );
    const bench = { farSides, sourceFolder, folder, runs, withSkopeo, signal: stop.signal, say };
    for (const row of rows) {
      for (const id of row.floorFrom ?? []) {
        const floorRow = makeFloorRow(id, megabytes);
        if (measured.has(id) || floorRow === undefined) continue;
        say(`${id}: ${floorRow.work}, for the floor of ${row.id}`);
        measured.set(id, await measureRow(floorRow, { ...bench, withSkopeo: false }));
      }
      const problem = farSides.findProblem(row.farSide);
      say(
        `${row.id}: ${row.world}, ${row.work}; far side ${farSides.names[row.farSide]}${problem === undefined ? '' : `: ${problem}`}`,
      );
      if (problem === undefined) measured.set(row.id, await measureRow(row, bench));
      results.push(resultOf(row, problem === undefined ? farSides.names[row.farSide] : undefined));
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say(String(stop.signal.reason));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`\n${formatTable(results)}`);
}

function resultOf(row: WanRow, farSide: string | undefined): RowResult {
  const figures = measured.get(row.id);
  const floorSeconds = findFloor(row);
  // The goals in seconds are for the whole payloads.
  const goal =
    typeof row.goal === 'number'
      ? megabytes === undefined
        ? row.goal
        : null
      : floorSeconds === null
        ? null
        : row.goal(floorSeconds);
  const round = (value: number | null | undefined) =>
    value === null || value === undefined ? null : Math.round(value * 100) / 100;
  const own = figures?.own;
  const retransmitted =
    figures === undefined || own === null ? null : Math.max(...figures.each.map((run) => run.retransmitted));
  const shown: RowFigures = {
    id: row.id,
    world: row.world,
    work: row.work,
    floorSeconds: round(floorSeconds),
    skopeoSeconds: round(figures?.skopeoSeconds),
    seconds: round(own?.seconds),
    runs: figures?.each.length ?? 0,
    goalSeconds: round(goal),
    bytesSent: own?.bytesSent ?? null,
    bytesResent: own?.bytesResent ?? null,
    farSide: farSide ?? null,
  };
  return {
    figures: shown,
    missed:
      figures === undefined || figures.begun === 0
        ? null
        : judgeRow(row, { ...figures, seconds: own?.seconds ?? null }, goal),
    retransmitted,
    connections: figures === undefined || own === null ? null : Math.max(...figures.each.map((run) => run.connections)),
  };
}

/** Of the link's rate, or the slowest of the rows that this one is compared with; null while one of them is missing. */
function findFloor(row: WanRow): number | null {
  const link = WAN_WORLDS[row.world].links.find(({ name }) => name === row.link);
  if (row.floorFrom === undefined) return link === undefined ? null : floorSecondsOf(row, link[row.way].rateMbit);
  const seconds = row.floorFrom.map((id) => measured.get(id)?.own?.seconds);
  return seconds.some((value) => value === undefined) ? null : Math.max(...seconds.flatMap((value) => value ?? []));
}
