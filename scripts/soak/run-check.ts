import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ledger } from './ledger.ts';
import type { SoakWorld } from './soak-world.ts';
import type { Workload } from './workload.ts';

export type Found = {
  readonly lost: readonly string[];
  readonly false: readonly string[];
  readonly leaked: readonly string[];
  /** Sessions left open at registries whose address the service never had. */
  readonly orphans: readonly string[];
};

/** What was acknowledged, once everything has come to rest. */
export async function writeLedger({ dataPath, registries }: SoakWorld, workload: Workload): Promise<Ledger> {
  return {
    databasePath: join(dataPath, 'entrepot.db'),
    depotPath: join(dataPath, 'depot'),
    registries,
    attempts: workload.attempts,
    choices: workload.choices,
    benchmarks: workload.benchmarks,
    finalAnswers: await workload.askAll(),
  };
}

/** Runs the checker, a process of its own. */
export async function runCheck(ledger: Ledger): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-soak-ledger-'));
  try {
    const path = join(folder, 'ledger.json');
    await writeFile(path, JSON.stringify(ledger));
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'check.ts'), path], {
      maxBuffer: 1e8,
    });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
