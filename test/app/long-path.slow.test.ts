import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canRunWan } from '../support/wan/can-run-wan.ts';
import { openWan } from '../support/wan/open-wan.ts';
import { WAN_WORLDS } from '../support/wan/wan-worlds.ts';

const COUNT = resolve(import.meta.dirname, 'support/count-places.ts');
const NOTHING_THERE = `
  const { createServer } = await import('node:http');
  createServer((_request, response) => response.writeHead(404).end()).listen(5000, () => console.log('listening'));`;
const { can, missing } = canRunWan();

describe.skipIf(!can)(`a registry far away${can ? '' : ` (missing here: ${missing.join(', ')})`}`, () => {
  it('is sent three blobs at a time, a near one as many as configured', async () => {
    await using wan = await openWan(WAN_WORLDS.day);
    for (const [host, places] of [
      ['singapore', '3'],
      ['beijing', '6'],
    ] as const) {
      const registry = wan.spawn(host, process.execPath, ['-e', NOTHING_THERE], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (registry.stdout === null) throw new Error('no stdout');
      await once(registry.stdout, 'data');
      const counted = await wan.run('beijing', process.execPath, [COUNT, `http://${wan.address(host)}:5000`]);
      expect(counted.trim(), host).toBe(places);
    }
  });
});
