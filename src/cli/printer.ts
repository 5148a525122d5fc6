import type { CliOutput } from './cli-io.ts';
import { formatJson } from './json-text.ts';
import { formatLine, type Line } from './line.ts';

/** Writes lines and JSON to one stream, fit for what the stream is. */
export type Printer = {
  readonly color: boolean;
  print(...lines: readonly Line[]): void;
  printJson(value: unknown): void;
};

export function openPrinter(output: CliOutput, options: { noColor: boolean }): Printer {
  const color = output.isTerminal && !options.noColor;
  return {
    color,
    print: (...lines) => output.write(lines.map((line) => `${formatLine(line, { color })}\n`).join('')),
    printJson: (value) => output.write(`${formatJson(value)}\n`),
  };
}
