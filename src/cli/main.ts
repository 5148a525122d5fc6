import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import process from 'node:process';
import { EXIT_STATUS } from './exit-status.ts';
import { needsReaders } from './output-readers.ts';
import { processIo } from './process-io.ts';
import { runCli } from './run-cli.ts';
import { en } from './texts/en.ts';

// 128 + SIGPIPE: what a shell reports for a program whose reader went away (`entrepot images | head -1`).
const READER_GONE = 141;

// Node gives an address up after 250 ms, which no far one meets: with a dead first address nothing would connect. Our own
// client says so for each connection; the clouds' libraries and `fetch` go by this.
const NEXT_ADDRESS_MS = 3_000;

setDefaultAutoSelectFamilyAttemptTimeout(NEXT_ADDRESS_MS);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!needsReaders()) return;
    giveUp(error);
  });
}

/** Nobody gets what is written: quietly where the reader went away, else (a full disk) with a word. */
function giveUp(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(READER_GONE);
  process.stderr.write(`${en.errors.outputLost(error.message)}\n`, () => process.exit(EXIT_STATUS.failed));
}

const exitCode = await runCli(process.argv.slice(2), processIo());

// Ending by itself would wait for standard input when an archive was being read from a pipe that is still open.
process.stdout.write('', (error) => {
  if (error && needsReaders()) giveUp(error);
  else process.stderr.write('', () => process.exit(exitCode));
});
