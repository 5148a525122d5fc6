import { defineConfig } from 'vitest/config';

/** Tests that take long or load the whole machine; `npm run test:slow` and the gate run them, `npm test` does not. */
const SLOW = 'test/**/*.slow.test.ts';
const onlySlow = process.env.ENTREPOT_SLOW_TESTS === 'only';

export default defineConfig({
  test: {
    include: [onlySlow ? SLOW : 'test/**/*.test.ts'],
    exclude: onlySlow ? [] : [SLOW],
    pool: 'forks',
    isolate: false,
    // More than there are cores: many tests wait for the far side of a connection most of their time.
    maxWorkers: onlySlow ? 1 : 4,
    // A shared machine may stand still for once; what fails twice fails.
    retry: 1,
    testTimeout: onlySlow ? 90_000 : 30_000,
    hookTimeout: onlySlow ? 60_000 : 30_000,
    // What comes in its own time may take longer beside other work than the one second that is usual.
    expect: { poll: { timeout: 10_000 } },
  },
});
