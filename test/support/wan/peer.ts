// Programs for the hosts of the laboratory that measure a link from its ends: `peer.ts ROLE [ARGUMENT…]`. Servers print
// a line once they listen; whoever measures prints one JSON value and ends.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 7_000;
const SILENCE_MS = 1_500;
const [role = '', ...rest] = process.argv.slice(2);

/** Sends every byte back. */
async function echo(): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  await once(server.listen(PORT), 'listening');
  console.log('listening');
}

/** Round trips of single bytes over one connection, in milliseconds. */
async function ping(host: string, times: string): Promise<void> {
  const socket = connect({ host, port: PORT, noDelay: true });
  await once(socket, 'connect');
  const roundTripsMs: number[] = [];
  for (let n = 0; n < Number(times); n += 1) {
    const sentAt = performance.now();
    socket.write('x');
    await once(socket, 'data');
    roundTripsMs.push(performance.now() - sentAt);
  }
  socket.destroy();
  console.log(JSON.stringify(roundTripsMs));
}

/** Takes one connection's bytes; answers how many there were and the seconds from the first to the last. */
async function take(): Promise<void> {
  const server = createServer((socket) => {
    let bytes = 0;
    let firstAt = 0;
    socket.on('data', (chunk) => {
      if (bytes === 0) firstAt = performance.now();
      bytes += chunk.byteLength;
    });
    socket.on('end', () => {
      console.log(JSON.stringify({ bytes, seconds: (performance.now() - firstAt) / 1_000 }));
      process.exit();
    });
  });
  await once(server.listen(PORT), 'listening');
  console.log('listening');
}

async function give(host: string, bytes: string): Promise<void> {
  const socket = connect({ host, port: PORT });
  socket.end(Buffer.alloc(Number(bytes), 'x'));
  await once(socket, 'close');
}

/** Takes numbered datagrams until none come; answers their numbers, in the order of arrival, and the seconds. */
async function count(): Promise<void> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8_000_000 });
  const numbers: number[] = [];
  let firstAt = 0;
  let lastAt = 0;
  socket.on('message', (message) => {
    lastAt = performance.now();
    if (numbers.length === 0) firstAt = lastAt;
    numbers.push(message.readUInt32BE());
    if (numbers.length > 1) return;
    setInterval(() => {
      if (performance.now() - lastAt < SILENCE_MS) return;
      console.log(JSON.stringify({ numbers, seconds: (lastAt - firstAt) / 1_000 }));
      process.exit();
    }, 50);
  });
  await once(socket.bind(PORT), 'listening');
  console.log('listening');
}

/** Sends so many datagrams of so many bytes (IP and UDP headers included), a few each millisecond. */
async function number(host: string, times: string, bytes: string, perMs: string): Promise<void> {
  const socket = createSocket('udp4');
  const message = Buffer.alloc(Number(bytes) - 28);
  const beganAt = performance.now();
  for (let n = 0; n < Number(times); n += 1) {
    while (n > (performance.now() - beganAt) * Number(perMs)) await sleep(1);
    message.writeUInt32BE(n);
    await new Promise((done) => socket.send(message, PORT, host, done));
  }
  socket.close();
}

const roles: Record<string, (...args: string[]) => Promise<void>> = { echo, ping, take, give, count, number };
await roles[role]?.(...rest);
