import type { BenchmarkStore } from '../bench/campaign/benchmark-store.ts';
import type { FlowDiagnosis } from '../bench/flow-diagnosis.ts';
import { Failure } from '../kernel/failure.ts';
import type { StoreDatabase } from './store-database.ts';

/** One connection against eight, in SQL. */
export function sqlFlowDiagnoses({
  read,
  change,
}: Pick<StoreDatabase, 'read' | 'change'>): Pick<BenchmarkStore, 'recordDiagnosis' | 'hasDiagnosis'> {
  return {
    recordDiagnosis: (diagnosis, bytes) =>
      change('recording a diagnosis', async (trx) => {
        const { campaign: benchmark, registry, at } = diagnosis;
        await trx
          .insertInto('flowDiagnoses')
          .values({ benchmark, registry, at, bytes, diagnosisJson: JSON.stringify(diagnosis) })
          .onConflict((conflict) => conflict.columns(['benchmark', 'registry']).doNothing())
          .execute();
      }),
    hasDiagnosis: (benchmark, registry) =>
      read('looking for a diagnosis', async (db) => {
        const found = await db
          .selectFrom('flowDiagnoses')
          .select('at')
          .where('benchmark', '=', benchmark)
          .where('registry', '=', registry)
          .executeTakeFirst();
        return found !== undefined;
      }),
  };
}

/** What this program wrote: only whether it is whole is checked. */
export function unpackDiagnosis(json: unknown): FlowDiagnosis {
  try {
    return JSON.parse(String(json)) as FlowDiagnosis;
  } catch (cause) {
    const detail = 'reading a diagnosis from the database: it is damaged; restore the data folder from a backup';
    throw new Failure('data_unusable', detail, { cause });
  }
}
