// The one gate: format, lint, types, dependencies, generated files, tests. `--fast` leaves the tests out.
import { spawnSync } from 'node:child_process';

const steps = [
  ['format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '-p', '.']],
  ['dependencies', ['scripts/check-dependencies.mjs']],
  ['generated files', ['scripts/generate-config-schema.ts', '--check']],
  ...(process.argv.includes('--fast') ? [] : [['tests', ['node_modules/vitest/vitest.mjs', 'run']]]),
];
for (const [name, args] of steps) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`check: ${name} failed\n`);
    process.exit(1);
  }
  process.stderr.write(`check: ${name} ok\n`);
}
