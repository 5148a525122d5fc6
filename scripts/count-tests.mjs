// Reads Vitest's JSON report: prints `PASSED FAILED SKIPPED` on stdout, and on stderr the names of the tests that
// failed or were skipped. A file that could not be loaded counts as one failure. Usage: count-tests.mjs REPORT
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const { name: file, status: fileStatus, assertionResults } of testResults) {
  const where = relative(process.cwd(), file);
  for (const { status, fullName } of assertionResults) {
    const outcome = status === 'passed' || status === 'failed' ? status : 'skipped';
    counts[outcome] += 1;
    if (outcome !== 'passed') process.stderr.write(`${outcome.padEnd(8)}${where} > ${fullName}\n`);
  }
  if (fileStatus === 'failed' && !assertionResults.some(({ status }) => status === 'failed')) {
    counts.failed += 1;
    process.stderr.write(`failed  ${where}\n`);
  }
}
process.stdout.write(`${counts.passed} ${counts.failed} ${counts.skipped}\n`);
