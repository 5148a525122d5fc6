import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { untilAtRest } from '../../scripts/soak/at-rest.ts';
import { findGrowth } from '../../scripts/soak/growth.ts';
import type { Ledger } from '../../scripts/soak/ledger.ts';
import { INSPECTED, watch } from '../../scripts/soak/memory-watch.ts';
import { runCheck, writeLedger } from '../../scripts/soak/run-check.ts';
import { openSoakWorld } from '../../scripts/soak/soak-world.ts';
import { Workload } from '../../scripts/soak/workload.ts';
import { openTempFolder } from '../support/temp-folder.ts';

vi.setConfig({ testTimeout: 180_000 });

/** What leaks beside the service, in its process. */
const LEAK = `
  import { openSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  const held = [];
  if (isMainThread) setInterval(() => {
    held.push(Buffer.alloc(250_000, 1));
    openSync('/dev/null');
  }, 50).unref();
`;

describe('the soak finds', () => {
  it('memory and files that leak', async () => {
    await using folder = await openTempFolder('leak');
    const leak = join(folder.path, 'leak.mjs');
    await writeFile(leak, LEAK);
    const growth = async (env: Readonly<Record<string, string>>) => {
      await using world = await openSoakWorld(1, env);
      const memory = await world.watchMemory();
      try {
        // Not while it warms up.
        await watch(memory, 5_000, 500);
        return findGrowth(await watch(memory, 10_000, 500));
      } finally {
        memory.close();
      }
    };
    const [sound, found] = await Promise.all([
      growth({}),
      growth({ NODE_OPTIONS: `${INSPECTED.NODE_OPTIONS} --import=${leak}` }),
    ]);
    expect(sound.leaks).toEqual([]);
    expect(found.leaks).toEqual([
      expect.stringContaining('bytes more are in use'),
      ...(found.leaks.length === 3 ? [expect.stringContaining('bytes more are resident')] : []),
      expect.stringContaining('files more are open'),
    ]);
  });

  it('what is lost, false and left behind', async () => {
    await using world = await openSoakWorld(3);
    const workload = new Workload(world, 3);
    await vi.waitUntil(() => workload.acknowledged >= 15 && workload.choices.length > 0, {
      timeout: 60_000,
      interval: 200,
    });
    await world.killAndStart();
    await sleep(1_000);
    await workload.stop();
    expect(await untilAtRest(world, workload)).toBe(true);
    await world.killAndStart();
    const ledger = await writeLedger(world, workload);
    expect(workload.wrong).toEqual([]);
    const before = await runCheck(ledger);
    expect(before).toMatchObject({ lost: [], false: [] });

    // A choice and a benchmark that were acknowledged, and are not there.
    const [choice] = ledger.choices;
    const dropped: Ledger = {
      ...ledger,
      choices: [{ image: choice?.image ?? '', registry: 'elsewhere', revision: choice?.revision ?? 0 }],
      benchmarks: [{ id: 'bench_none', samples: 2 }],
    };
    expect((await runCheck(dropped)).lost).toHaveLength(2);

    // A push whose layer a registry has lost, to which clusters are sent all the same.
    const answer = ledger.finalAnswers.find(({ cluster }) => cluster === 'cn-prod');
    const [, name = '', digest = ''] = /\/(.+)@(sha256:.+)$/.exec(answer?.reference ?? '') ?? [];
    const aliyun = ledger.registries.aliyun;
    const removed = await fetch(`${aliyun?.url}/v2/${name}/manifests/${digest}`, { method: 'DELETE' });
    expect(removed.status).toBe(202);
    const after = await runCheck(ledger);
    expect(after.lost.some((line) => line.includes(digest))).toBe(true);
    expect(after.false.some((line) => line.includes('cn-prod'))).toBe(true);

    // A session that the service was told of and lived on with, one that nobody was told of, and a file in the landing.
    const opened = await fetch(`${aliyun?.url}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const id = opened.headers.get('location')?.split('/').at(-1) ?? '';
    await writeFile(join(ledger.depotPath, 'landing', 'sha256-left.part'), 'left');
    const noted = { deliveredAt: 0, isUsed: true, connectionEndedAt: 10, wasUnread: true };
    const sessions = { ...aliyun?.sessions, [id]: noted };
    const known = {
      ...ledger,
      registries: { ...ledger.registries, ...(aliyun && { aliyun: { ...aliyun, sessions } }) },
    };
    const left = await runCheck(known);
    expect(left.leaked).toHaveLength(before.leaked.length + 2);
    const unknown = await runCheck(ledger);
    expect([unknown.leaked.length, unknown.orphans.length]).toEqual([
      before.leaked.length + 1,
      left.orphans.length + 1,
    ]);
  });
});
