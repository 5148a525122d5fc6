import { expect, it } from 'vitest';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { Pace } from '../../src/net/pace.ts';
import { openScriptedServer, readRequest } from './scripted-server.ts';

it('lets nobody wait without a cap, and then each as long as what went before him takes', () => {
  let nowMs = 1_000;
  let cap: number | null = null;
  const pace = new Pace(() => cap, { elapsedMs: () => nowMs });
  expect(pace.waitMsFor(1e9)).toBe(0);
  cap = 1_000_000;
  // 50 ms are given in advance.
  expect([50_000, 10_000, 10_000].map((bytes) => pace.waitMsFor(bytes))).toEqual([0, 10, 20]);
  nowMs += 500;
  expect(pace.waitMsFor(50_000)).toBe(0);
  cap = 100_000;
  expect(pace.waitMsFor(10_000)).toBeCloseTo(100);
});

it('caps what blobs move, all connections together and both ways, and no questions', async () => {
  const blob = Buffer.alloc(150_000, 'b');
  await using server = await openScriptedServer(async (request, response) => {
    await readRequest(request);
    response.end(request.url === '/blob' ? blob : 'ok');
  });
  const client = openHttpClient({ bytesPerSecond: () => 1_000_000 });
  try {
    async function* body() {
      yield blob;
    }
    const beganAt = performance.now();
    const read = async () =>
      (await client.request({ method: 'GET', url: `${server.url}/blob`, purpose: 'blob' })).bytes(1e6);
    const write = async () =>
      (await client.request({ method: 'PUT', url: server.url, purpose: 'blob', body: body() })).bytes(10);
    const [down] = await Promise.all([read(), read(), write(), write()]);
    expect(Buffer.from(down ?? []).equals(blob)).toBe(true);
    // 600 kB at 1 MB/s, the first 50 ms in advance.
    expect(performance.now() - beganAt).toBeGreaterThan(500);
    const waits = new Pace(() => 1, { elapsedMs: () => 0 });
    expect(waits.waitMsFor(1)).toBeGreaterThan(0);
    const questionsAt = performance.now();
    await (await client.request({ method: 'PUT', url: server.url, body: Buffer.alloc(400_000) })).discard();
    expect(performance.now() - questionsAt).toBeLessThan(400);
  } finally {
    await client.close();
  }
});
