import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type CommandLine<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T & { help: { type: 'boolean'; short: 'h' } }; allowPositionals: true }>
>;

/** The words after `--`. With `--help` prints how they are used and ends; with wrong ones says which, and ends with 2. */
export function readCommandLine<T extends Options>(
  formatHelp: () => string,
  options: T,
  parts: readonly string[] = [],
): CommandLine<T> {
  try {
    const read = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    }) as CommandLine<T>;
    if ((read.values as { help?: boolean }).help === true) {
      process.stdout.write(formatHelp());
      process.exit(0);
    }
    const unknown = read.positionals.find((word) => !parts.includes(word));
    if (unknown !== undefined) throw new Error(`${unknown} is not known here`);
    return read;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number above 0. */
export function readCount(name: string, text: string): number {
  const count = Number(text);
  return Number.isInteger(count) && count > 0
    ? count
    : refuse(`${name} must be a whole number above 0 (found ${text})`);
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n--help says how it is used\n`);
  process.exit(2);
}
