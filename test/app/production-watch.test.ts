import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ProductionWatch } from '../../src/app/production-watch.ts';
import { PRODUCTION } from '../../src/bench/production/production-sample.ts';
import type { Sample } from '../../src/bench/sample.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { openMeasurementReader } from '../../src/store/measurement-reader.ts';
import type { PushStore } from '../../src/sync/push/push-store.ts';
import { openTestStore } from '../store/open-test-store.ts';

const MB = 1_000_000;
const REFERENCE = { bytes: 150 * MB, deadlineSeconds: 1_800 };

/** A registry whose path takes so many bytes a second, at most. */
async function openNarrowServer(bytesPerSecond: number) {
  const server = createServer(async (request, response) => {
    for await (const piece of request) await sleep((1_000 * (piece as Buffer).byteLength) / bytesPerSecond);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function openWatch(record: (sample: Sample) => Promise<unknown>, error: unknown = null) {
  const events = new EventBus();
  const store = { findPush: async () => ({ transfers: [{ registry: 'singapore', error }] }) };
  const watch = new ProductionWatch({
    ...{ site: 'beijing', clock: systemClock, record, store: store as unknown as PushStore },
    onError: (thrown) => {
      throw thrown;
    },
  });
  watch.listen(events);
  const tell = (pushId: string, state: string) =>
    events.emit({ type: 'transfer.changed', pushId, registry: 'singapore', state });
  return { watch, tell };
}

test.skipIf(process.platform !== 'linux')(
  'what transfers send over a path that is full is one sample, which reports show by itself and the rule never sees',
  async () => {
    await using opened = await openTestStore();
    await using server = await openNarrowServer(4 * MB);
    const { benchmarks } = opened.store;
    const { watch, tell } = openWatch((sample) => benchmarks.recordSample(sample, REFERENCE));
    const client = openHttpClient({ onConnected: (connection) => watch.connected('singapore', connection) });
    tell('push_1', 'running');
    tell('push_2', 'running');
    const body = Buffer.alloc(9 * MB);
    const headers = { 'content-length': String(body.byteLength) };
    await (await client.request({ method: 'PUT', url: server.url, headers, body, purpose: 'blob' })).discard();
    tell('push_1', 'verifying');
    tell('push_2', 'placed');
    await watch.close();
    await client.close();

    const { items } = await benchmarks.samples(PRODUCTION, { limit: 10 });
    const [sample] = items;
    expect(items).toHaveLength(1);
    expect(sample).toMatchObject({
      ...{ source: 'production', campaign: PRODUCTION, site: 'beijing', registry: 'singapore', leg: 'upload' },
      ...{ ok: true, connections: 1, retries: 0, idle: null, loaded: null, bytesFrom: 'acknowledged' },
    });
    expect(sample?.congestionControl).not.toBeNull();
    expect(sample?.payloadBytes).toBeGreaterThan(8 * MB);
    expect(sample?.payloadBytes).toBeLessThan(9.1 * MB);
    expect(sample?.rate).toBeGreaterThan(0);
    // It was sent anyway, and takes nothing from what measuring may move.
    expect(await benchmarks.bytesSince(null, 0, Number.MAX_SAFE_INTEGER)).toBe(0);

    const reader = openMeasurementReader(opened.folder);
    const range = { site: 'us-east', after: 0, until: Date.now() + 7_200_000 };
    expect(reader.hours({ ...range, campaign: PRODUCTION }).sizes).toMatchObject([
      { payloadBytes: 4 * MB, samples: 1, series: 1 },
    ]);
    expect(reader.hours({ ...range, campaign: null }).sizes).toEqual([]);
    expect(reader.measurements(range)).toEqual([]);
    reader.close();
  },
);

test('an attempt that the path broke off is a failed sample, one that the registry refused is none', async () => {
  for (const [code, side, expected] of [
    ['connection_lost', 'target', [{ ok: false, rate: null, retries: 1, error: { code: 'connection_lost' } }]],
    ['remote_denied', 'target', []],
    ['connection_lost', 'source', []],
  ] as const) {
    const recorded: Sample[] = [];
    const { watch, tell } = openWatch(async (sample) => recorded.push(sample), { code, side, step: 's', detail: 'd' });
    tell('push_1', 'running');
    tell('push_1', 'waiting');
    await watch.close();
    expect(recorded).toMatchObject(expected);
    expect(recorded).toHaveLength(expected.length);
  }
});
