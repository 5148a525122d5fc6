import process from 'node:process';
import { processIo } from './process-io.ts';
import { runCli } from './run-cli.ts';

// 128 + SIGPIPE: what a shell reports for a program whose reader went away (`entrepot images | head -1`).
const READER_GONE = 141;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(READER_GONE);
    throw error;
  });
}

const exitCode = await runCli(process.argv.slice(2), processIo());

// Ending by itself would wait for standard input when an archive was being read from a pipe that is still open.
process.stdout.write('', (error) => {
  process.stderr.write('', () => process.exit(error ? READER_GONE : exitCode));
});
