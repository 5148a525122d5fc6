import { type Command, CommanderError } from 'commander';
import type { Environment } from '../config/environment.ts';
import { type Failure, isFailure, toFailure } from '../kernel/failure.ts';
import type { Secret } from '../kernel/secret.ts';
import type { CliContext } from './cli-context.ts';
import type { CliIo } from './cli-io.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { exitStatusOf, explainFailure, type FailureContext, isFromService } from './explain-failure.ts';
import { openPrinter } from './printer.ts';
import { problemDocument } from './problem-document.ts';
import { createProgram } from './program.ts';
import { en } from './texts/en.ts';
import type { Texts } from './texts/texts.ts';
import { usageFailure } from './usage-failure.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_DATA = 'data';

type GlobalOptions = { readonly url?: string; readonly token?: Secret; readonly json?: boolean };

/**
 * Runs the command line `entrepot ...argv` in a world given as `io`, and returns its exit status. Never throws: what
 * goes wrong is told on stderr, in words or, with `--json`, as a problem object.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const texts: Texts = en;
  const isJson = asksForJson(argv);
  let exitCode: number = EXIT_STATUS.done;
  let url = DEFAULT_URL;
  let hasToken = false;
  let data = DEFAULT_DATA;
  let caPath: string | undefined;
  let certPath: string | undefined;

  const program = createProgram(texts, io.version, async (run) => {
    const globals = program.opts<GlobalOptions>();
    const environment = getEnvironment(io);
    url = globals.url ?? environment.serverUrl ?? DEFAULT_URL;
    hasToken = (globals.token ?? environment.token) !== undefined;
    data = environment.dataPath ?? DEFAULT_DATA;
    caPath = environment.caPath;
    certPath = environment.clientCertificate?.certPath;
    exitCode = await run(openContext(io, texts, environment, globals, { url, hasToken, certPath, data, caPath }));
  });
  // What subcommands inherit is copied when they are made, so each is told.
  for (const command of [program, ...program.commands.flatMap((command) => [command, ...command.commands])]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => (isJson ? undefined : io.stderr.write(text)),
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.size()?.columns ?? 80,
      getErrHelpWidth: () => io.stderr.size()?.columns ?? 80,
    });
  }

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_STATUS.done;
    // Help that was shown for want of a command says everything already.
    const isHelp = error instanceof CommanderError && error.code === 'commander.help';
    if (isHelp && !isJson) return EXIT_STATUS.usage;
    const usage = isHelp ? texts.usage.noCommand : error instanceof CommanderError ? usageMessage(error) : undefined;
    const failure = usage === undefined ? toFailure(error) : usageFailure(usage);
    tellFailure(failure, { io, texts, argv, url, hasToken, certPath, data, caPath, commands: commandNames(program) });
    return exitStatusOf(failure);
  }
}

/** The environment belongs to how the program is called, as its arguments do. */
function getEnvironment(io: CliIo): Environment {
  try {
    return io.readEnvironment();
  } catch (error) {
    if (!isFailure(error, 'config_invalid')) throw error;
    throw usageFailure(error.message, { errors: error.details.errors, cause: error });
  }
}

function openContext(
  io: CliIo,
  texts: Texts,
  environment: Environment,
  globals: GlobalOptions,
  about: FailureContext,
): CliContext {
  const json = globals.json ?? false;
  const { noColor, ci } = environment;
  const isDumb = environment.findVariable('TERM')?.reveal() === 'dumb';
  const err = openPrinter(io.stderr, { noColor });
  const service = { url: about.url, token: globals.token ?? environment.token };
  return {
    io,
    texts,
    json,
    environment,
    drawsScreen: io.stderr.isTerminal && !ci && !isDumb,
    out: openPrinter(io.stdout, { noColor }),
    err,
    service,
    explain: (failure) => explainFailure(failure, texts, about),
    async openClient() {
      const { openApiClient } = await import('./api-client.ts');
      return openApiClient({
        ...service,
        fetch: io.fetch,
        timings: io.timings,
        version: io.version,
        texts,
        onRetry: (notice) => (json ? undefined : err.print(notice)),
      });
    },
  };
}

type Telling = FailureContext & { io: CliIo; texts: Texts; argv: readonly string[]; commands: readonly string[] };

function tellFailure(failure: Failure, { io, texts, argv, commands, ...about }: Telling): void {
  // The environment may be what is wrong, so it is not asked how to print.
  const err = openPrinter(io.stderr, { noColor: true });
  if (asksForJson(argv)) {
    err.printJson(problemDocument(failure));
    return;
  }
  const isUsage = exitStatusOf(failure) === EXIT_STATUS.usage;
  if (isUsage && !isFromService(failure)) err.print(...texts.usage.error(failure.message).split('\n'));
  else err.print(...explainFailure(failure, texts, about));
  if (!isUsage) return;
  const given = ` ${argv.join(' ')} `;
  const command = commands.find((name) => given.includes(` ${name} `));
  err.print(texts.usage.help(command === undefined ? 'entrepot' : `entrepot ${command}`));
}

/** The options may be what is wrong, so they are not asked. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** Every command whose use can be asked for as it is typed, those below others first. */
function commandNames(program: Command): string[] {
  const namesBelow = (command: Command) => command.commands.map((sub) => sub.name()).filter((name) => name !== 'help');
  const below = program.commands.flatMap((command) => namesBelow(command).map((sub) => `${command.name()} ${sub}`));
  return [...below, ...namesBelow(program)];
}

/** Commander's message without its prefix, and on one line with its suggestion. */
function usageMessage(error: CommanderError): string {
  return error.message.replace(/^error: /, '').replace(/\n\(Did/, ' (did');
}
