import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests that take long or load the whole machine; `npm run test:slow` and the gate run them, `npm test` does not. */
const SLOW = 'test/**/*.slow.test.ts';
/** Of these, what measures time or memory, loads the whole machine, or stands in network namespaces that emulate the border: one at a time. */
const ALONE = [
  'test/app/demo/demo.slow.test.ts',
  'test/app/long-path.slow.test.ts',
  'test/bench/recommend/simulation.slow.test.ts',
  'test/scenarios/agent.slow.test.ts',
  'test/scenarios/benchmark.slow.test.ts',
  'test/scenarios/head-start.slow.test.ts',
  'test/scenarios/own-faults.slow.test.ts',
  'test/scripts/soak-control.slow.test.ts',
  'test/support/wan/wan.slow.test.ts',
  'test/sync/copy/slow-connection.slow.test.ts',
];
const onlySlow = process.env.ENTREPOT_SLOW_TESTS === 'only';

/** What is said here comes on top of what is said for all. */
const slowProjects = [
  { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
  {
    extends: true,
    test: { name: 'beside', include: [SLOW], exclude: ALONE, maxWorkers: 2, sequence: { groupOrder: 2 } },
  },
] as const;

export default defineConfig({
  test: {
    ...(onlySlow
      ? { projects: [...slowProjects], sequence: { sequencer: LongestFirst } }
      : { include: ['test/**/*.test.ts'], exclude: [SLOW] }),
    pool: 'forks',
    isolate: false,
    // More than there are cores: many tests wait for the far side of a connection most of their time.
    maxWorkers: 4,
    // A shared machine may stand still for once; what fails twice fails.
    retry: 1,
    testTimeout: onlySlow ? 120_000 : 30_000,
    hookTimeout: onlySlow ? 120_000 : 30_000,
    // What comes in its own time may take longer beside other work than the one second that is usual.
    expect: { poll: { timeout: 10_000 } },
  },
});
