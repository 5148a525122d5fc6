import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { findProgram } from '../support/find-program.ts';
import { expectWhole } from '../support/placed-image.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { makeImage } from '../support/test-image.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { openCrashWorld } from './crash-world.ts';

const MB = 1_000_000;
/** From util-linux, as is `unshare`. */
const hasPrlimit = findProgram('prlimit') !== undefined;
const SOURCE = 'harbor.bj/team/app:1';
const image = makeImage({ layers: [{ size: 300_000 }] });

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const residentBytes = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
/** Of processor time that a process has taken so far; the kernel counts it in hundredths of a second. */
const processorMs = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
};

/** Connections on which nothing more is said than `text`; what becomes of them is nobody's concern. */
async function openSilent({ port }: ServiceProcess, count: number, text = ''): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let done = 0; done < count; done += 250) {
    const batch = Array.from({ length: Math.min(250, count - done) }, () => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      return new Promise<void>((resolve) => {
        socket.once('connect', () => socket.write(text, () => resolve()));
        socket.once('close', () => resolve());
      });
    });
    await Promise.all(batch);
  }
  return sockets;
}

/** The milliseconds that each of a hundred resolves takes. */
async function timeResolves({ api }: ServiceProcess): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < 100; n += 1) {
    const beganAt = performance.now();
    expect((await api.resolve('team/app:1', 'us-east-prod')).status).toBe(200);
    took.push(performance.now() - beganAt);
  }
  return took.sort((a, b) => a - b);
}

type Answered = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
};

/** Asks over one connection, which stays. */
function openKept({ api }: ServiceProcess) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string, body?: object) =>
    new Promise<Answered>((resolve, reject) => {
      const headers = { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' };
      request(`${api.url}${path}`, { method, headers, agent }, async (response) => {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: text.startsWith('{') ? JSON.parse(text) : {} });
      })
        .once('error', reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { ask, [Symbol.dispose]: () => agent.destroy() };
}

it('callers that take more connections than there are file descriptors take none from the work, or from each other', {
  timeout: 120_000,
}, async () => {
  await using world = await openCrashWorld({ image });
  const limit = 200;
  const service = await world.start({ through: ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh'] });
  const silent = await openSilent(service, 3 * limit);
  expect(openFiles(service.pid)).toBeLessThan(limit);
  // Each over a connection of its own.
  const { id } = await service.api.push({ image: 'team/app:1', source: SOURCE });
  await service.api.untilFinal(id, 'placed', '60s');
  for (const registry of Object.values(world.targets)) await expectWhole(registry.url, 'team/app', '1', image);
  await timeResolves(service);
  expect(silent.some((socket) => !socket.closed)).toBe(true);
  expect(service.stdout).toContain('"event":"too many connections"');
  expect(service.stdout).not.toContain('"event":"defect"');
  for (const socket of silent) socket.destroy();
});

const allowFiles = ({ pid }: ServiceProcess, files: number) =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);

const untilConnectionsAreTaken = ({ api }: ServiceProcess) =>
  eventually(async () => (await api.send('GET', '/healthz').catch(() => undefined))?.status === 200, {
    what: 'new connections being taken',
  });

it.skipIf(!hasPrlimit)(
  'out of file descriptors it answers where it stands, keeps what it accepted, and goes on by itself once there are some',
  { timeout: 60_000 },
  async () => {
    await using world = await openCrashWorld({ image });
    const service = await world.start();
    using kept = openKept(service);
    expect((await kept.ask('GET', '/v1/images')).status).toBe(200);
    // Up to the last one that is open; what is free below it is taken.
    const limit = Math.max(...readdirSync(`/proc/${service.pid}/fd`).map(Number)) + 1;
    allowFiles(service, limit);
    const silent = await openSilent(service, limit);
    await eventually(() => openFiles(service.pid) >= limit - 1, { what: 'no descriptor being left' });
    expect((await kept.ask('GET', '/v1/images')).status).toBe(200);
    expect((await kept.ask('GET', '/readyz')).status).toBe(200);
    // The source cannot be asked: the push is taken, and waits.
    const pushed = await kept.ask('POST', '/v1/pushes', { image: 'team/app:1', source: SOURCE });
    expect(pushed).toMatchObject({ status: 202, body: { state: 'running' } });
    const id = String(pushed.body.id);
    await eventually(
      async () => JSON.stringify((await kept.ask('GET', `/v1/pushes/${id}`)).body).includes('"waiting"'),
      {
        what: 'its legs waiting',
        deadlineMs: 30_000,
      },
    );
    // What needs a file is told to come again.
    const upload = await kept.ask('POST', '/v2/team/other/blobs/uploads/');
    expect(upload).toMatchObject({ status: 503, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    // A new connection is not left waiting for an answer.
    await expect(service.api.send('GET', '/healthz')).rejects.toThrow();
    expect((await kept.ask('GET', `/v1/pushes/${id}`)).body).toMatchObject({ state: 'running' });
    for (const socket of silent) socket.destroy();
    // As much as a few pushes need.
    allowFiles(service, limit + 100);
    await untilConnectionsAreTaken(service);
    expect((await kept.ask('POST', '/v2/team/other/blobs/uploads/')).status).toBe(202);
    await service.api.untilFinal(id, 'placed', '60s');
    for (const registry of Object.values(world.targets)) await expectWhole(registry.url, 'team/app', '1', image);
    expect(service.stdout).not.toMatch(/"event":"(defect|request_failed)"/);
  },
);

it.skipIf(!hasPrlimit)(
  'with fewer file descriptors allowed than are open it rests, serves who is connected, refuses who comes, and says so',
  { timeout: 60_000 },
  async () => {
    await using world = await openCrashWorld({ image });
    const service = await world.start();
    using kept = openKept(service);
    expect((await kept.ask('GET', '/v1/images')).status).toBe(200);
    allowFiles(service, 10);
    // It waits to be accepted, which cannot be done.
    const [waiting] = await openSilent(service, 1);
    await eventually(() => service.stdout.includes('"event":"no file descriptor left"'), { what: 'the log saying so' });
    const before = processorMs(service.pid);
    await expect(service.api.send('GET', '/healthz')).rejects.toThrow();
    await sleep(2_000);
    expect(processorMs(service.pid) - before).toBeLessThan(500);
    expect((await kept.ask('GET', '/healthz')).status).toBe(200);
    allowFiles(service, 1_000);
    await untilConnectionsAreTaken(service);
    expect(service.stdout).toContain('"event":"new connections are taken again"');
    waiting?.destroy();
    expect((await service.stop()).code).toBe(0);
  },
);

it('10,000 idle connections cost little memory and no answer', { timeout: 180_000 }, async () => {
  await using world = await openCrashWorld({ image });
  const service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: SOURCE });
  await service.api.untilFinal(id, 'placed', '60s');
  await timeResolves(service);
  const [filesBefore, bytesBefore] = [openFiles(service.pid), residentBytes(service.pid)];
  const silent = await openSilent(service, 10_000);
  await eventually(() => openFiles(service.pid) >= 10_000, { what: 'all being open', deadlineMs: 30_000 });
  const took = await timeResolves(service);
  const grownBytes = residentBytes(service.pid) - bytesBefore;
  console.log(`10,000 idle connections: ${Math.round(grownBytes / MB)} MB, resolve p99 ${took[98]?.toFixed(1)} ms`);
  expect(took[98]).toBeLessThan(500);
  expect(grownBytes).toBeLessThan(300 * MB);
  for (const socket of silent) socket.destroy();
  await eventually(() => openFiles(service.pid) < filesBefore + 100, { what: 'them being gone', deadlineMs: 30_000 });
});

it('slow clients, in what they send and in what they read, hold up nobody else', { timeout: 120_000 }, async () => {
  await using world = await openCrashWorld({ image });
  const service = await world.start();
  const { id } = await service.api.push({ image: 'team/app:1', source: SOURCE });
  await service.api.untilFinal(id, 'placed', '60s');
  const bytesBefore = residentBytes(service.pid);
  const head = (line: string, more = '') =>
    `${line} HTTP/1.1\r\nhost: entrepot\r\nauthorization: Bearer ${TEST_TOKEN}\r\n${more}`;
  const slow = [
    ...(await openSilent(service, 300, head('GET /v1/images'))),
    ...(await openSilent(
      service,
      300,
      `${head('POST /v1/pushes', 'content-length: 900000\r\ncontent-type: application/json\r\n')}\r\n{`,
    )),
    ...(await openSilent(service, 100, `${head('GET /openapi.json')}\r\n`.repeat(20))),
  ];
  for (const socket of slow) socket.pause();
  const took = await timeResolves(service);
  const grownBytes = residentBytes(service.pid) - bytesBefore;
  console.log(`700 slow clients: ${Math.round(grownBytes / MB)} MB, resolve p99 ${took[98]?.toFixed(1)} ms`);
  expect(took[98]).toBeLessThan(500);
  expect(grownBytes).toBeLessThan(300 * MB);
  for (const socket of slow) socket.destroy();
  expect((await service.api.send('GET', '/readyz')).status).toBe(200);
});
