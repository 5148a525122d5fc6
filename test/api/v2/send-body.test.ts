import { EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendBody } from '../../../src/api/v2/send-body.ts';

const PIECE_BYTES = 100_000;
const makePieces = (count: number) => Array.from({ length: count }, (_, n) => Buffer.alloc(PIECE_BYTES, n));

let server: Server;
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A client's request, the answer that comes, and how sending it went. */
async function ask(body: Readable): Promise<{ answer: IncomingMessage; sending: Promise<unknown> }> {
  const sent = Promise.withResolvers<unknown>();
  server.once('request', (_, response) => {
    sendBody(body, response).then(sent.resolve, sent.resolve);
  });
  const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { answer, sending: sent.promise };
}

it('sends every byte, and frees the memory of what was sent', async () => {
  const pieces = makePieces(100);
  const wanted = Buffer.concat(pieces);
  const { answer, sending } = await ask(Readable.from(pieces, { highWaterMark: 1 }));
  expect(Buffer.concat(await answer.toArray()).equals(wanted)).toBe(true);
  expect(await sending).toBeUndefined();
  expect(pieces.map((piece) => piece.buffer.byteLength)).toEqual(pieces.map(() => 0));
});

it('takes no more from the stream than the client takes', async () => {
  let given = 0;
  const endless = async function* () {
    for (;;) {
      given += PIECE_BYTES;
      yield Buffer.alloc(PIECE_BYTES);
    }
  };
  const body = Readable.from(endless(), { highWaterMark: 1 });
  const { answer, sending } = await ask(body);
  // The kernel keeps some of it on both sides; the rest stays where it is.
  for (let turn = 0; turn < 2_000; turn += 1) await setImmediate();
  expect(given).toBeLessThan(32e6);
  expect(body.destroyed).toBe(false);
  const gone = once(body, 'close');
  answer.destroy();
  await gone;
  await sending;
});

it('has the next piece ready for the kernel while that works on one, and no third', async () => {
  const taken: (() => void)[] = [];
  const response = Object.assign(new EventEmitter(), {
    destroyed: false,
    write: (_piece: Buffer, onTaken: () => void) => taken.push(onTaken) > 0,
    end: () => {},
  });
  const sending = sendBody(Readable.from(makePieces(3), { highWaterMark: 1 }), response as unknown as ServerResponse);
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  expect(taken).toHaveLength(2);
  taken[0]?.();
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  expect(taken).toHaveLength(3);
  taken[1]?.();
  await sending;
});

it('fails where the stream does', async () => {
  const broken = async function* () {
    yield Buffer.alloc(PIECE_BYTES);
    throw new Error('the disk is gone');
  };
  const { answer, sending } = await ask(Readable.from(broken(), { highWaterMark: 1 }));
  answer.resume();
  expect(String(await sending)).toContain('the disk is gone');
});
