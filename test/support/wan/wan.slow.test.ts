import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { canRunWan } from './can-run-wan.ts';
import { openWan, type Wan } from './open-wan.ts';
import type { WanHost, WanWay } from './wan-world.ts';
import { WAN_WORLDS } from './wan-worlds.ts';

const PEER = resolve(import.meta.dirname, 'peer.ts');
const { can, missing } = canRunWan();
const CLEAR: WanWay = { delayMs: 10, jitterMs: 0, lossPercent: 0, burstPackets: 1, rateMbit: 1_000, queueMs: 100 };

/** Starts a peer that serves, waits until it listens, and answers what it prints after that. */
async function serve(wan: Wan, host: WanHost, role: string): Promise<{ result: Promise<string>; end(): void }> {
  const child = wan.spawn(host, process.execPath, [PEER, role], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  const result = once(lines, 'line').then(([line]) => String(line));
  result.catch(() => {});
  return { result, end: () => child.kill('SIGKILL') };
}

const measure = (wan: Wan, host: WanHost, ...args: string[]) => wan.run(host, process.execPath, [PEER, ...args]);

async function pingMs(wan: Wan, from: WanHost, to: WanHost, times: number): Promise<number[]> {
  return JSON.parse(await measure(wan, from, 'ping', to, String(times)));
}

/** Sends numbered datagrams to Singapore; which arrived, in which order, and how long that took. */
async function sendDatagrams(
  wan: Wan,
  times: number,
  bytes: number,
  perMs: number,
): Promise<{ numbers: number[]; seconds: number }> {
  const counter = await serve(wan, 'singapore', 'count');
  await measure(wan, 'beijing', 'number', 'singapore', String(times), String(bytes), String(perMs));
  return JSON.parse(await counter.result);
}

describe.skipIf(!can)(`the WAN laboratory${can ? '' : ` (missing here: ${missing.join(', ')})`}`, () => {
  let wan: Wan;
  beforeAll(async () => {
    wan = await openWan(WAN_WORLDS.day);
  });
  afterAll(() => wan.close());

  it('gives each link its own round trip, by name', async () => {
    for (const [host, roundTripMs] of [
      ['singapore', 90],
      ['uswest', 160],
    ] as const) {
      const echo = await serve(wan, host, 'echo');
      const fastest = Math.min(...(await pingMs(wan, 'beijing', host, 8)));
      echo.end();
      expect(fastest).toBeGreaterThan(roundTripMs);
      expect(fastest).toBeLessThan(roundTripMs + 15);
    }
  });

  it('adds jitter on one side only', async () => {
    await wan.change('bj-sg', { ...CLEAR, jitterMs: 5 });
    const echo = await serve(wan, 'singapore', 'echo');
    const roundTripsMs = await pingMs(wan, 'beijing', 'singapore', 100);
    echo.end();
    const meanMs = roundTripsMs.reduce((sum, ms) => sum + ms, 0) / roundTripsMs.length;
    expect(Math.min(...roundTripsMs)).toBeGreaterThanOrEqual(20);
    // Two exponentials of 5 ms a round trip; over 100 of them the mean errs by some 0.7 ms.
    expect(meanMs - 20).toBeGreaterThan(7);
    expect(meanMs - 20).toBeLessThan(15);
  });

  it('loses packets per direction, in the share that was asked for, and never reorders them', async () => {
    await wan.change('bj-sg', { ...CLEAR, jitterMs: 3 });
    await wan.change('bj-sg', { lossPercent: 5 }, 'there');
    const before = await wan.traffic('bj-sg');
    const { numbers } = await sendDatagrams(wan, 6_000, 200, 3);
    const after = await wan.traffic('bj-sg');
    expect(numbers.every((number, place) => number > (numbers[place - 1] ?? -1))).toBe(true);
    const lost = after.there.lost.packets - before.there.lost.packets;
    expect(after.there.offered.packets - before.there.offered.packets).toBeGreaterThanOrEqual(6_000);
    // 6,000 draws at 5 % have a standard deviation of 17.
    expect(lost).toBeGreaterThan(230);
    expect(lost).toBeLessThan(370);
    // What the link lost did not arrive; a busy machine may drop a few more of the rest.
    expect(6_000 - numbers.length).toBeGreaterThan(230);
    expect(after.back.lost).toEqual(before.back.lost);
  });

  it('loses them in bursts of the mean length that was asked for', async () => {
    await wan.change('bj-sg', { ...CLEAR, lossPercent: 10, burstPackets: 4 });
    const before = (await wan.traffic('bj-sg')).there.lost.packets;
    const { numbers } = await sendDatagrams(wan, 6_000, 200, 3);
    const share = ((await wan.traffic('bj-sg')).there.lost.packets - before) / 6_000;
    expect(share).toBeGreaterThan(0.06);
    expect(share).toBeLessThan(0.14);
    const gaps = numbers.map((number, place) => number - (numbers[place - 1] ?? -1) - 1).filter((gap) => gap > 0);
    // Losses one by one would come out at 1.1.
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(3);
    expect(mean).toBeLessThan(5.5);
  });

  it('lets through what the rate allows, and drops what the queue cannot hold', async () => {
    await wan.change('bj-sg', { ...CLEAR, rateMbit: 8, queueMs: 50 });
    const before = await wan.traffic('bj-sg');
    const { numbers, seconds } = await sendDatagrams(wan, 2_000, 1_000, 2);
    const { there } = await wan.traffic('bj-sg');
    const mbit = ((numbers.length - 1) * 8_000) / seconds / 1e6;
    // Never more than the rate, the queue's own milliseconds aside; less where a busy machine cannot send so fast.
    expect(mbit).toBeGreaterThan(6.5);
    expect(mbit).toBeLessThan(8.3);
    expect(there.refused.packets - before.there.refused.packets).toBeGreaterThan(700);
  });

  it('carries real TCP at the rate of the link', async () => {
    await wan.change('bj-sg', { ...CLEAR, rateMbit: 40 });
    const taker = await serve(wan, 'singapore', 'take');
    await measure(wan, 'beijing', 'give', 'singapore', '8000000');
    const { bytes, seconds } = JSON.parse(await taker.result) as { bytes: number; seconds: number };
    expect(bytes).toBe(8_000_000);
    // 40 Mbit/s less 3.5 % of headers, less a slow start of some round trips.
    expect((bytes * 8) / seconds / 1e6).toBeGreaterThan(28);
    expect((bytes * 8) / seconds / 1e6).toBeLessThan(39);
  });

  it('cuts and mends a link under a connection, which survives', async () => {
    await wan.change('bj-sg', CLEAR);
    const echo = await serve(wan, 'singapore', 'echo');
    await wan.cut('bj-sg');
    const ping = pingMs(wan, 'beijing', 'singapore', 1);
    const { lost } = (await wan.traffic('bj-sg')).there;
    await eventually(async () => (await wan.traffic('bj-sg')).there.lost.packets > lost.packets, {
      what: 'a packet lost on the cut link',
    });
    await wan.mend('bj-sg');
    await expect(ping).resolves.toHaveLength(1);
    echo.end();
  });

  it('does not mix up two laboratories, and closing one takes its processes along', async () => {
    const other = await openWan(WAN_WORLDS.policed);
    const child = other.spawn('beijing', 'sleep', ['600'], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    const echo = await serve(other, 'singapore', 'echo');
    await expect(pingMs(wan, 'beijing', 'singapore', 1)).rejects.toThrow('ECONNREFUSED');
    await other.close();
    await exited;
    echo.end();
    await expect(other.cut('bj-sg')).rejects.toThrow('is no more');
  });

  it('leaves nothing when the process that opened it is killed', async () => {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
      const { namespace, hostsFile } = JSON.parse(line) as { namespace: string; hostsFile: string };
      expect(processesOn(namespace).length).toBeGreaterThan(0);
      holder.kill('SIGKILL');
      await eventually(() => processesOn(namespace).length === 0 && !existsSync(hostsFile), {
        what: 'the processes and the folder gone',
      });
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('refuses names that do not exist', async () => {
    await expect(wan.cut('bj-moon')).rejects.toThrow('bj-moon is none of the links: bj-cn');
  });
});

const HOLDER = `
  const { openWan } = await import(${JSON.stringify(resolve(import.meta.dirname, 'open-wan.ts'))});
  const { WAN_WORLDS } = await import(${JSON.stringify(resolve(import.meta.dirname, 'wan-worlds.ts'))});
  const wan = await openWan(WAN_WORLDS.day);
  // A child in a session of its own, as a service would be.
  const child = wan.spawn('beijing', 'setsid', ['sh', '-c', 'sleep 600 & wait'], { stdio: 'ignore' });
  const [, , hostsFile] = wan.commandOn('beijing', 'true', []);
  const namespace = (await wan.run('beijing', 'readlink', ['/proc/self/ns/net'])).trim();
  console.log(JSON.stringify({ namespace, hostsFile }));
  setTimeout(() => process.exit(), 30_000);
`;

/** The processes in a network namespace, by its name in /proc. */
function processesOn(namespace: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === namespace;
    } catch {
      return false;
    }
  });
}
