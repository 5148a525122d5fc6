import { writeFile } from 'node:fs/promises';
import { getReport, getReportText } from '../advice-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { renderReport } from '../render-report.ts';
import { usageFailure } from '../usage-failure.ts';

export type BenchReportOptions = {
  readonly site?: string;
  readonly payload?: string;
  readonly window?: string;
  readonly format?: string;
  readonly output?: string;
};

export async function runBenchReport(
  context: CliContext,
  benchmark: string | undefined,
  options: BenchReportOptions,
): Promise<number> {
  const { texts, io, out, err, json } = context;
  const { format = json ? 'json' : 'table', output, ...question } = options;
  if (output !== undefined && format === 'table') throw usageFailure(texts.bench.outputWithoutFormat);
  if (json && output === undefined && format !== 'json') throw usageFailure(texts.bench.jsonWithoutOutput);
  const client = await context.openClient();
  if (format === 'json' && output === undefined) out.printJson(await getReport(client, benchmark, question));
  else if (format === 'table') out.print(...renderReport(await getReport(client, benchmark, question), texts));
  else {
    const text = await getReportText(client, benchmark, { ...question, format });
    if (output === undefined) io.stdout.write(text);
    else {
      await writeReport(output, text, texts.bench.unwritable);
      if (json) out.printJson({ file: output, format });
      else err.print(texts.bench.written(output));
    }
  }
  return EXIT_STATUS.done;
}

async function writeReport(file: string, text: string, explain: (file: string, reason: string) => string) {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw usageFailure(explain(file, error instanceof Error ? error.message : String(error)), { cause: error });
  }
}
