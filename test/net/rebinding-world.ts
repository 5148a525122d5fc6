// Runs alone in a network of its own (see dns-rebinding.test.ts): a name whose addresses change between two lookups, and
// servers at the one and at the other. Prints what became of each request as one line of JSON.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { failureOf } from './failure-of.ts';

const PUBLIC = '203.0.113.7';
const HERE = '127.0.0.1';
const PORT = 8_080;
const TYPE_A = 1;

/** Answers questions for an IPv4 address by the list's turn, and then its last; everything else with nothing (RFC 1035, section 4). */
async function openNameServer(turns: readonly string[]) {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, from) => {
    let end = 12;
    while (question[end] !== 0) end += (question[end] ?? 0) + 1;
    const isAddress = question.readUInt16BE(end + 1) === TYPE_A;
    const address = isAddress ? turns[Math.min(asked++, turns.length - 1)] : undefined;
    const head = Buffer.from(question.subarray(0, end + 5));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(address === undefined ? 0 : 1, 6);
    head.fill(0, 8, 12);
    // The name by a pointer, type A, class IN, a life of 0 s, four bytes.
    const answer = [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4];
    const bytes = address === undefined ? [] : [...answer, ...address.split('.').map(Number)];
    socket.send(Buffer.concat([head, Buffer.from(bytes)]), from.port, from.address);
  });
  socket.bind(53, HERE);
  await once(socket, 'listening');
  return {
    asked: () => asked,
    close: () => socket.close(),
  };
}

async function openServer(host: string, word: string) {
  const server = createServer((_, response) => void response.setHeader('connection', 'close').end(word));
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(PORT, host), 'listening');
  return { connections: () => connections, close: () => server.close() };
}

const names = await openNameServer([PUBLIC, HERE]);
const open = await openServer(PUBLIC, 'public');
const inside = await openServer(HERE, 'secret');
const client = openHttpClient();
const ask = async () => {
  const response = await client.request({ method: 'GET', url: `http://rebind.example:${PORT}/v2/`, ledByRemote: true });
  return Buffer.from(await response.bytes(100)).toString();
};
const first = await ask();
const second = await failureOf(ask());
process.stdout.write(
  `${JSON.stringify({ first, second: second.code, lookups: names.asked(), open: open.connections(), inside: inside.connections() })}\n`,
);
await client.close();
for (const each of [names, open, inside]) each.close();
