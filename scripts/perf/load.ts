// A load generator in a process of its own: `load.ts URL CONNECTIONS SECONDS PATHS-FILE` sends GETs over keep-alive
// connections, with the token in PERF_TOKEN, and prints one JSON object: requests per second and latencies in milliseconds.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

const [url = '', connections = '32', seconds = '5', pathsFile = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const requests = readFileSync(pathsFile, 'utf8')
  .trim()
  .split('\n')
  .map((path) =>
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${process.env.PERF_TOKEN ?? 'none'}\r\n\r\n`,
    ),
  );

const WARM_UP_MS = 1_000;
const endsAt = performance.now() + WARM_UP_MS + Number(seconds) * 1_000;
const countsFrom = performance.now() + WARM_UP_MS;
const latencies: number[] = [];
let failed = 0;
let turn = 0;

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let sentAt = 0;
    let pending = Buffer.alloc(0);
    const send = () => {
      sentAt = performance.now();
      socket.write(requests[turn++ % requests.length] ?? '');
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const text = pending.toString('latin1', 0, head);
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) return reject(new Error(`an answer without a length: ${text}`));
      if (pending.length < head + 4 + length) return;
      const now = performance.now();
      if (now >= countsFrom) {
        latencies.push(now - sentAt);
        if (!text.startsWith('HTTP/1.1 200')) failed += 1;
      }
      pending = Buffer.alloc(0);
      if (now < endsAt) send();
      else {
        socket.end();
        resolve();
      }
    });
  });
}

await Promise.all(Array.from({ length: Number(connections) }, run));
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
process.stdout.write(
  JSON.stringify({ perSecond: latencies.length / Number(seconds), p50Ms: at(0.5), p99Ms: at(0.99), failed }),
);
