// Runs the tests that take long, `test/**/*.slow.test.ts`; arguments go to vitest.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ENTREPOT_SLOW_TESTS: 'only' },
});
process.exit(status ?? 1);
