import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import process from 'node:process';
import { needsReaders } from './output-readers.ts';
import { processIo } from './process-io.ts';
import { runCli } from './run-cli.ts';

// 128 + SIGPIPE: what a shell reports for a program whose reader went away (`entrepot images | head -1`).
const READER_GONE = 141;

// Node gives an address up after 250 ms, which no far one meets: with a dead first address nothing would connect. Our own
// client says so for each connection; the clouds' libraries and `fetch` go by this.
const NEXT_ADDRESS_MS = 3_000;

setDefaultAutoSelectFamilyAttemptTimeout(NEXT_ADDRESS_MS);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!needsReaders()) return;
    if (error.code === 'EPIPE') process.exit(READER_GONE);
    throw error;
  });
}

const exitCode = await runCli(process.argv.slice(2), processIo());

// Ending by itself would wait for standard input when an archive was being read from a pipe that is still open.
process.stdout.write('', (error) => {
  process.stderr.write('', () => process.exit(error && needsReaders() ? READER_GONE : exitCode));
});
