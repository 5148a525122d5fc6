import { actOnBenchmark } from '../benchmark-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';

/** Stops a benchmark, or goes on with one that was stopped. */
export async function runBenchSteer(context: CliContext, id: string, verb: 'stop' | 'resume'): Promise<number> {
  const { texts, json, out } = context;
  const benchmark = await actOnBenchmark(await context.openClient(), id, verb);
  if (json) out.printJson(benchmark);
  else out.print(texts.bench.ended(benchmark.id, benchmark.state, benchmark.roundsDone, benchmark.samples));
  return EXIT_STATUS.done;
}
