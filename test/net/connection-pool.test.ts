import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { ConnectionPool, type Traffic } from '../../src/net/connection-pool.ts';
import { type Connect, openConnector } from '../../src/net/connector.ts';
import { openScriptedServer } from './scripted-server.ts';

/** Connections that report to lead far away, or near. */
function connectTo(isLongPath: boolean): Connect {
  const connect = openConnector({ connectTimeoutMs: 5_000 });
  return (onConnected) => connect((connection) => onConnected({ ...connection, isLongPath }));
}

/** A server that answers when it is told to, and requests to it through a pool. */
async function openBench(isLongPath: boolean, limits = { questions: 16, blobs: 32 }) {
  const held: ServerResponse[] = [];
  const server = await openScriptedServer((request, response) => {
    if (request.url === '/at-once') response.end();
    else held.push(response);
  });
  const pool = new ConnectionPool(server.url, connectTo(isLongPath), limits);
  const request = requestsThrough(pool, server.url);
  return {
    server,
    held,
    pool,
    request,
    async [Symbol.asyncDispose]() {
      for (const response of held.splice(0)) response.end();
      await pool.destroy(new Error('over') as never);
      await server[Symbol.asyncDispose]();
    },
  };
}

function requestsThrough(pool: ConnectionPool, origin: string) {
  return (traffic: Traffic, path = '/') =>
    new Promise<void>((resolve, reject) => {
      pool.take(traffic, {
        refuse: reject,
        begin(dispatcher, release) {
          const over = () => {
            release();
            resolve();
          };
          dispatcher.dispatch(
            { origin, path, method: 'GET', reset: false },
            {
              onRequestStart() {},
              onResponseStart() {},
              onResponseData() {},
              onResponseEnd: over,
              onResponseError: (_controller, error) => reject(error),
            },
          );
        },
      });
    });
}

it('never has more than four connections on a long path for three uploads and any number of questions', async () => {
  await using bench = await openBench(true);
  await bench.request('question', '/at-once');
  const uploads = [1, 2, 3].map(() => bench.request('upload'));
  await expect.poll(() => bench.held.length).toBe(3);
  await Promise.all(Array.from({ length: 20 }, () => bench.request('question', '/at-once')));
  expect(bench.server.connections()).toBe(4);
  for (const response of bench.held.splice(0)) response.end();
  await Promise.all(uploads);
});

it('lets questions use all four connections while nothing is uploaded', async () => {
  await using bench = await openBench(true);
  await bench.request('question', '/at-once');
  const questions = Array.from({ length: 6 }, () => bench.request('question'));
  await expect.poll(() => bench.held.length).toBe(4);
  expect(bench.server.connections()).toBe(4);
  for (let answered = 0; answered < 6; answered += 1) {
    await expect.poll(() => bench.held.length).toBeGreaterThan(0);
    bench.held.shift()?.end();
  }
  await Promise.all(questions);
  expect(bench.server.connections()).toBe(4);
});

it('asks over a connection of its own while uploads have been allowed more than four', async () => {
  await using bench = await openBench(true);
  const uploads = Array.from({ length: 8 }, () => bench.request('upload'));
  uploads.map((upload) => upload.catch(() => {}));
  await expect.poll(() => bench.held.length).toBe(8);
  await bench.request('question', '/at-once');
  expect(bench.server.connections()).toBe(9);
});

it('takes as many as it may on a near path, and carries what comes next over a connection that is there', async () => {
  await using bench = await openBench(false, { questions: 5, blobs: 2 });
  await bench.request('question', '/at-once');
  const requests = [
    ...Array.from({ length: 7 }, () => bench.request('question')),
    ...Array.from({ length: 3 }, () => bench.request('download')),
  ];
  await expect.poll(() => bench.held.length).toBe(7);
  expect(bench.server.connections()).toBe(7);
  for (let answered = 0; answered < 10; answered += 1) {
    await expect.poll(() => bench.held.length).toBeGreaterThan(0);
    bench.held.shift()?.end();
  }
  await Promise.all(requests);
  await bench.request('upload', '/at-once');
  expect(bench.server.connections()).toBe(7);
});

it('has the kernel end a connection after the silence that is too long at that time', async () => {
  const silences: number[] = [];
  const limits = [30_000, 12_000];
  await using server = await openScriptedServer((_request, response) => response.end());
  const connect = openConnector({ connectTimeoutMs: 5_000 });
  const pool = new ConnectionPool(
    server.url,
    (onConnected) => connect((connection) => onConnected({ ...connection, limitSilence: (ms) => silences.push(ms) })),
    { questions: 1, blobs: 1, stallMs: () => limits[0] ?? 0 },
  );
  const ask = () => requestsThrough(pool, server.url)('upload', '/');
  try {
    await ask();
    expect(new Set(silences)).toEqual(new Set([30_000]));
    limits.shift();
    await ask();
    expect(silences.at(-1)).toBe(12_000);
    expect(server.connections()).toBe(1);
  } finally {
    await pool.destroy(new Error('over') as never);
  }
});

it('refuses who still waits when it is closed', async () => {
  await using bench = await openBench(true, { questions: 1, blobs: 1 });
  const first = bench.request('download').catch((error: unknown) => error);
  await expect.poll(() => bench.held.length).toBe(1);
  const second = bench.request('download').catch((error: unknown) => error);
  const reason = new Error('closed') as never;
  await bench.pool.destroy(reason);
  expect(await second).toBe(reason);
  expect(await first).toBe(reason);
});
