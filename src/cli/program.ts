import { Command, Option } from 'commander';
import { parseServerUrl, parseToken } from '../config/environment.ts';
import { parseListenAddress } from '../config/listen-address.ts';
import { parseDuration } from '../kernel/duration.ts';
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { defineAccessCommands } from './access-program.ts';
import { defineBenchCommands } from './bench-program.ts';
import type { CliContext } from './cli-context.ts';
import type { AgentCommandOptions } from './commands/agent.ts';
import type { DataFolderOptions } from './commands/backup.ts';
import type { ChooseOptions } from './commands/choose.ts';
import type { DemoCommandOptions } from './commands/demo.ts';
import type { PushesOptions } from './commands/pushes.ts';
import type { ResolveOptions } from './commands/resolve.ts';
import type { ServeCommandOptions } from './commands/serve.ts';
import type { WatchOptions } from './commands/watch.ts';
import { defineHelpCommand } from './help-command.ts';
import { defineNotificationCommands } from './notification-program.ts';
import { optionValue, optionValues } from './option-values.ts';
import type { PushOptions } from './push-options.ts';
import { parseDeadline, parseLabel, parseLimit, parsePriority } from './push-options.ts';
import { defineRegistryCommands } from './registry-program.ts';
import type { Texts } from './texts/texts.ts';

/** Runs one command in a context that the global options decide. */
export type RunCommand = (run: (context: CliContext) => Promise<number>) => Promise<void>;

/**
 * Every command with its arguments, options and help. What a command does is loaded when it is run, so that asking one
 * question does not cost the start of everything else.
 */
export function createProgram(texts: Texts, version: string, run: RunCommand): Command {
  const { help } = texts;
  const program = new Command('entrepot')
    .description(help.program)
    .version(version, '-V, --version', help.versionOption)
    .helpOption('-h, --help', help.helpOption)
    .helpCommand(false)
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command.parent?.options ?? []).filter(({ long }) => long !== '--version'),
      styleTitle: (title) => help.titles[title] ?? title,
    })
    .addOption(new Option('--url <url>', help.url).argParser(optionValue(parseServerUrl)))
    .addOption(new Option('--token <token>', help.token).argParser(optionValue(parseToken)))
    .option('--json', help.json)
    .addHelpText('after', `\n${examples(help.programExamples, texts)}\n\n${help.exitStatus}`);

  type About = { summary: string; description: string; examples: readonly string[] };
  const defineBelow = (parent: Command, usage: string, about: About) =>
    parent
      .command(usage)
      .summary(about.summary)
      .description(about.description)
      .addHelpText('after', `\n${examples(about.examples, texts)}`);
  const define = (usage: string, about: About) => defineBelow(program, usage, about);
  const timeout = (fallback: string) =>
    new Option('--timeout <duration>', help.timeout(fallback)).argParser(optionValue(parseDuration));

  define('serve', help.serve)
    .option('--config <file>', help.serve.config)
    .option('--data <folder>', help.serve.data)
    .addOption(new Option('--listen <address>', help.serve.listen).argParser(optionValue(parseListenAddress)))
    .option('--pid-file <file>', help.serve.pidFile)
    .addOption(new Option('--takeover <duration>', help.serve.takeover).argParser(optionValue(parseDuration)))
    .option('--tls-cert <file>', help.serve.tlsCert)
    .option('--tls-key <file>', help.serve.tlsKey)
    .option('--allow-insecure-listen', help.serve.allowInsecureListen)
    .configureHelp({ ...program.configureHelp(), showGlobalOptions: false })
    .action((options: ServeCommandOptions) =>
      run(async (context) => (await import('./commands/serve.ts')).runServe(context, options)),
    );

  define('agent', help.agent)
    .requiredOption('--site <site>', help.agent.site)
    .option('--name <name>', help.agent.name)
    .option('--config <file>', help.agent.config)
    .option('--data <folder>', help.agent.data)
    .addOption(new Option('--listen <address>', help.agent.listen).argParser(optionValue(parseListenAddress)))
    .option('--pid-file <file>', help.serve.pidFile)
    .option('--tls-cert <file>', help.serve.tlsCert)
    .option('--tls-key <file>', help.serve.tlsKey)
    .option('--allow-insecure-listen', help.serve.allowInsecureListen)
    .action((options: AgentCommandOptions) =>
      run(async (context) => (await import('./commands/agent.ts')).runAgentCommand(context, options)),
    );

  define('push', help.push)
    .argument('<image>', help.push.image)
    .option('--from <source>', help.push.from)
    .option('--archive <file>', help.push.archive)
    .addOption(new Option('--target <registry>', help.push.target).argParser(optionValues(String)))
    .addOption(
      new Option('--platform <platform>', help.push.platform).argParser(
        optionValues((text) => formatPlatform(parsePlatform(text))),
      ),
    )
    .addOption(
      new Option('--label <key=value>', help.push.label).argParser(optionValues((text) => parseLabel(text, texts))),
    )
    .option('--no-referrers', help.push.noReferrers)
    .addOption(
      new Option('--priority <priority>', help.push.priority).argParser(
        optionValue((text) => parsePriority(text, texts)),
      ),
    )
    .addOption(new Option('--deadline <duration>', help.push.deadline).argParser(optionValue(parseDeadline)))
    .option('--idempotency-key <key>', help.push.idempotencyKey)
    .option('--no-wait', help.push.noWait)
    .addOption(timeout(help.defaultIs('30m')))
    .action((image: string, options: PushOptions) =>
      run(async (context) => (await import('./commands/push.ts')).runPush(context, image, options)),
    );

  define('watch', help.watch)
    .argument('<push>', help.watch.push)
    .addOption(timeout(help.noLimit))
    .action((push: string, options: WatchOptions) =>
      run(async (context) => (await import('./commands/watch.ts')).runWatch(context, push, options)),
    );

  define('choose', help.choose)
    .argument('<image>', help.choose.subject)
    .argument('[registry]', help.choose.registry)
    .option('--recommended', help.choose.recommended)
    .option('--provisional', help.choose.provisional)
    .option('--site <site>', help.choose.site)
    .option('--default', help.choose.default)
    .option('--reason <text>', help.choose.reason)
    .option('--wait', help.choose.wait)
    .addOption(timeout(help.noLimit))
    .action((subject: string, registry: string | undefined, options: ChooseOptions) =>
      run(async (context) => (await import('./commands/choose.ts')).runChoose(context, subject, registry, options)),
    );

  define('resolve', help.resolve)
    .argument('<image>', help.resolve.image)
    .option('--cluster <cluster>', help.resolve.cluster)
    .addOption(new Option('--wait <duration>', help.resolve.wait).argParser(optionValue(parseDuration)))
    .action((image: string, options: ResolveOptions) =>
      run(async (context) => (await import('./commands/resolve.ts')).runResolve(context, image, options)),
    );

  define('images', help.images)
    .argument('[name]', help.images.name)
    .action((name: string | undefined) =>
      run(async (context) => (await import('./commands/images.ts')).runImages(context, name)),
    );

  define('pushes', help.pushes)
    .option('--image <image>', help.pushes.image)
    .option('--state <state>', help.pushes.state)
    .addOption(
      new Option('--limit <count>', help.pushes.limit).argParser(optionValue((text) => parseLimit(text, texts))),
    )
    .action((options: PushesOptions) =>
      run(async (context) => (await import('./commands/pushes.ts')).runPushes(context, options)),
    );

  define('cancel', help.cancel)
    .argument('<push>', help.cancel.push)
    .action((push: string) => run(async (context) => (await import('./commands/cancel.ts')).runCancel(context, push)));

  define('retry', help.retry)
    .argument('<push>', help.retry.push)
    .action((push: string) => run(async (context) => (await import('./commands/retry.ts')).runRetry(context, push)));

  define('backup', help.backup)
    .argument('<file>', help.backup.file)
    .option('--data <folder>', help.serve.data)
    .action((file: string, options: DataFolderOptions) =>
      run(async (context) => (await import('./commands/backup.ts')).runBackup(context, file, options)),
    );

  define('restore', help.restore)
    .argument('<file>', help.restore.file)
    .option('--data <folder>', help.serve.data)
    .action((file: string, options: DataFolderOptions) =>
      run(async (context) => (await import('./commands/backup.ts')).runRestore(context, file, options)),
    );

  defineRegistryCommands(define, texts, run);
  defineAccessCommands(define, defineBelow, texts, run);
  defineNotificationCommands(define, defineBelow, texts, run);
  defineBenchCommands(define('bench', help.bench), defineBelow, texts, run);

  define('demo', help.demo)
    .option('--keep', help.demo.keep)
    .action((options: DemoCommandOptions) =>
      run(async (context) => (await import('./commands/demo.ts')).runDemoCommand(context, options)),
    );

  for (const command of [...program.commands, program])
    if (command.commands.length > 0) defineHelpCommand(command, texts);
  return program;
}

function examples(commands: readonly string[], texts: Texts): string {
  return [texts.help.examples, ...commands.map((command) => `  ${command}`)].join('\n');
}
