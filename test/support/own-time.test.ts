import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { openOwnTime } from './own-time.ts';

it('counts the time of a process that hangs idle in full', async () => {
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
  const ownMs = openOwnTime(idle.pid);
  const startMs = performance.now();
  await eventually(() => ownMs() > 500);
  // Some of it went into starting, beside others.
  expect(performance.now() - startMs).toBeLessThan(5_000);
  idle.kill();
  await once(idle, 'exit');
});

// Needs a kernel that tells of waiting, and a way to tie several processes to one processor.
it.runIf(existsSync('/proc/self/schedstat') && findProgram('taskset') !== undefined)(
  'hardly counts what a process waits for a processor, and never forgets it wholly',
  async () => {
    // Ten that turn on one processor: each has a tenth of it.
    const turning = Array.from({ length: 10 }, () =>
      spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);']),
    );
    const startMs = performance.now();
    const watches = turning.map(({ pid }) => openOwnTime(pid));
    await eventually(() => performance.now() - startMs > 1_500);
    const elapsedMs = performance.now() - startMs;
    const owns = watches.map((ownMs) => ownMs()).sort((a, b) => a - b);
    for (const one of turning) one.kill('SIGKILL');
    await Promise.all(turning.map((one) => once(one, 'exit')));
    expect(owns[5]).toBeLessThan(elapsedMs / 2);
    expect(owns[0]).toBeGreaterThan(elapsedMs / 11);
  },
);
