import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openHttpClient } from '../../src/net/open-http-client.ts';

/** A server on a thread of its own: it answers the first bytes, resets the connection, and then raises the flag. */
const SERVER = `
const { workerData, parentPort } = require('node:worker_threads');
require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\\r\\ncontent-length: 4\\r\\n\\r\\nnope', () => socket.resetAndDestroy()));
  socket.on('close', () => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); });
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

it('an answer that arrived before the reset is read though the next write fails first', async () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SERVER, { eval: true, workerData: flag });
  const client = openHttpClient();
  try {
    const [port] = await once(worker, 'message');
    async function* body() {
      yield Buffer.alloc(1_000);
      // Nothing is read on this thread while it waits, so that the write below is what meets the reset.
      Atomics.wait(flag, 0, 0, 5_000);
      for (;;) yield Buffer.alloc(1_000);
    }
    // The first bytes must leave before the thread is held.
    async function* unhurried() {
      for await (const chunk of body()) {
        yield chunk;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const response = await client.request({ method: 'PATCH', url: `http://127.0.0.1:${port}/`, body: unhurried() });
    expect(response.status).toBe(413);
    expect(Buffer.from(await response.bytes(10)).toString()).toBe('nope');
    expect(Atomics.load(flag, 0)).toBe(1);
  } finally {
    await client.close();
    await worker.terminate();
  }
});
