import { type Command, Option } from 'commander';
import { parseByteSize } from '../kernel/byte-size.ts';
import { parseDuration } from '../kernel/duration.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { RecommendationQuestion } from './advice-calls.ts';
import type { BenchReportOptions } from './commands/bench-report.ts';
import { checkedText } from './option-values.ts';
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
