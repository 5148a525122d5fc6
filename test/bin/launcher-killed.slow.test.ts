import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { findNodes, isAlive, ROOT, startNode } from './launcher.ts';

// A service starts slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test.each(findNodes())(
  'the launcher under $name, killed with SIGKILL, takes the service along, which leaves its data folder to the next',
  async ({ path: node }) => {
    await using folder = await openTempFolder('launcher');
    const args = ['--config', join(ROOT, 'config/regions.yaml'), '--data', folder.path, '--listen', '127.0.0.1:0'];
    const serve = () => startNode(node, [join(ROOT, 'bin/entrepot.js'), 'serve', ...args]);
    const listening = /"event":"listening"/;
    const first = serve();
    const { pid } = JSON.parse(await first.untilSays(listening));
    expect(pid).not.toBe(first.child.pid);
    first.child.kill('SIGKILL');
    const second = serve();
    await second.untilSays(listening);
    await eventually(() => !isAlive(pid), { what: 'the first service is gone' });
    second.child.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);
  },
);
