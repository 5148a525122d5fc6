import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RecommendationAnswer } from '../../src/api/schema/recommendation-schema.ts';
import type { ReportAnswer } from '../../src/api/schema/report-schema.ts';
import type { RecordedMeasurement } from '../../src/bench/recorded-measurement.ts';
import { openStore } from '../../src/store/store.ts';
import { recordIn } from '../app/advice/measured-folder.ts';
import type { RawSample } from '../support/independent-figures.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import type { FlowReading } from './benchmark-world.ts';
import { MAIN } from './lab-programs.ts';

export type ReportedWeek = {
  readonly recommendation: RecommendationAnswer;
  readonly report: ReportAnswer;
  readonly page: string;
  /** As `entrepot bench report` prints it. */
  readonly table: string;
};

/** What a service answers that has measured all this: its recommendation for US-East, and its reports. */
export async function reportWeek(samples: readonly RawSample[], flows: readonly FlowReading[]): Promise<ReportedWeek> {
  await using folder = await openTempFolder('reported-week');
  const dataPath = join(folder.path, 'data');
  const measurements = samples.map(
    (sample) => ({ ...sample, at: Date.parse(sample.at) }) as unknown as RecordedMeasurement,
  );
  await recordIn(dataPath, measurements);
  await recordFlows(dataPath, flows, Math.max(...measurements.map(({ at }) => at)));
  const names = [...new Set(samples.map(({ registry }) => registry))];
  const configPath = await writeServiceConfig(folder.path, {
    registries: Object.fromEntries(names.map((name) => [name, { url: `https://${name}.invalid` }])),
  });
  await using service = await startServiceProcess({ configPath, dataPath });
  const about = '/v1/benchmarks/all/report?site=us-east';
  const { body } = await service.api.send('GET', '/v1/recommendation?site=us-east');
  const { body: report } = await service.api.send('GET', about);
  const page = await (await service.api.fetch(`${about}&format=html`)).text();
  const env = { ...process.env, ENTREPOT_URL: `http://127.0.0.1:${service.port}`, ENTREPOT_TOKEN: TEST_TOKEN };
  const command = [MAIN, 'bench', 'report', '--site', 'us-east'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  return { recommendation: body as RecommendationAnswer, report: report as ReportAnswer, page, table: stdout };
}

async function recordFlows(folder: string, flows: readonly FlowReading[], at: number): Promise<void> {
  const store = await openStore({ folder });
  try {
    for (const { registry, one, eight } of flows)
      await store.benchmarks.recordDiagnosis(
        { campaign: 'bench_flows', registry, at, one, eight, error: null, suspect: false },
        1,
      );
  } finally {
    await store.close();
  }
}
