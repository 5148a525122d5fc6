import { type Command, Option } from 'commander';
import { parseByteSize } from '../kernel/byte-size.ts';
import { parseDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { RecommendationQuestion } from './advice-calls.ts';
import type { BenchReportOptions } from './commands/bench-report.ts';
import type { BenchRunOptions } from './commands/bench-run.ts';
import { checkedText, optionValue } from './option-values.ts';
import type { RunCommand } from './program.ts';
import type { Texts } from './texts/texts.ts';

type About = { readonly summary: string; readonly description: string; readonly examples: readonly string[] };

/** The commands below `bench`. */
export function defineBenchCommands(
  bench: Command,
  define: (parent: Command, usage: string, about: About) => Command,
  { help }: Texts,
  run: RunCommand,
): void {
  const names = (text: string) => text.split(',').filter((name) => name !== '');
  define(bench, 'run', help.benchRun)
    .addOption(new Option('--rounds <count>', help.benchRun.rounds).argParser(optionValue(parseCount)).default(20))
    .addOption(new Option('--legs <legs>', help.benchRun.legs).argParser(names))
    .addOption(new Option('--sites <sites>', help.benchRun.sites).argParser(names))
    .addOption(new Option('--registries <names>', help.benchRun.registries).argParser(names))
    .addOption(
      new Option('--payloads <sizes>', help.benchRun.payloads).argParser(
        optionValue((text) => names(text).map((size) => checkedText(parseByteSize)(size))),
      ),
    )
    .addOption(new Option('--idle <duration>', help.benchRun.idle).argParser(checkedText(parseDuration)))
    .option('--flows', help.benchRun.flows)
    .addOption(new Option('--seed <number>', help.benchRun.seed).argParser(optionValue(parseCount)))
    .option('--no-wait', help.benchRun.noWait)
    .addOption(new Option('--timeout <duration>', help.benchRun.timeout).argParser(optionValue(parseDuration)))
    .action((options: BenchRunOptions) =>
      run(async (context) => (await import('./commands/bench-run.ts')).runBenchRun(context, options)),
    );

  define(bench, 'list', help.benchList).action(() =>
    run(async (context) => (await import('./commands/bench-list.ts')).runBenchList(context)),
  );

  for (const [verb, about] of [
    ['stop', help.benchStop],
    ['resume', help.benchResume],
  ] as const)
    define(bench, verb, about)
      .argument('<benchmark>', help.benchStop.benchmark)
      .action((benchmark: string) =>
        run(async (context) => (await import('./commands/bench-steer.ts')).runBenchSteer(context, benchmark, verb)),
      );

  define(bench, 'report', help.benchReport)
    .argument('[benchmark]', help.benchReport.benchmark)
    .option('--site <site>', help.benchReport.site)
    .addOption(new Option('--format <format>', help.benchReport.format).choices(['table', 'json', 'csv', 'html']))
    .option('--output <file>', help.benchReport.output)
    .addOption(new Option('--payload <size>', help.benchReport.payload).argParser(checkedText(parseByteSize)))
    .addOption(new Option('--window <duration>', help.benchReport.window).argParser(checkedText(parseDuration)))
    .action((benchmark: string | undefined, options: BenchReportOptions) =>
      run(async (context) => (await import('./commands/bench-report.ts')).runBenchReport(context, benchmark, options)),
    );

  define(bench, 'recommend', help.benchRecommend)
    .option('--site <site>', help.benchRecommend.site)
    .addOption(new Option('--image <image>', help.benchRecommend.image).argParser(checkedText(parseRepositoryName)))
    .addOption(new Option('--size <size>', help.benchRecommend.size).argParser(checkedText(parseByteSize)))
    .action((question: RecommendationQuestion) =>
      run(async (context) => (await import('./commands/bench-recommend.ts')).runBenchRecommend(context, question)),
    );
}

function parseCount(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Failure('validation_failed', 'must be a whole number');
}
