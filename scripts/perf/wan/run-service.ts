import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Wan } from '../../../test/support/wan/open-wan.ts';
import { TOKEN } from '../children.ts';
import { stopChild } from './far-side.ts';
import { strike } from './mishap.ts';
import { PAYLOAD_REPOSITORY, tagOf } from './seed-payload.ts';
import type { WanRow } from './wan-rows.ts';

const MAIN = resolve(import.meta.dirname, '../../../bin/entrepot.js');
const DRIVER = resolve(import.meta.dirname, 'drive-push.ts');
const LISTEN = '127.0.0.1:8080';
/** TCP content of one packet of the laboratory's links. */
const SEGMENT_BYTES = 1_448;

export type ServiceRun = {
  readonly seconds: number;
  readonly bytesSent: number;
  readonly bytesResent: number;
  /** What had to cross, and how many blobs began anew because the far side had forgotten their session. */
  readonly bytesToSend: number;
  readonly blobsRestarted: number;
  /** Connections that were given up because they were silent, or far slower than others. */
  readonly replaced: number;
  /** Share of the payload that the kernel sent more than once. */
  readonly retransmitted: number;
  /** Most connections to other hosts, source and targets, seen at the same time. */
  readonly connections: number;
};

type Transfer = {
  readonly bytesTotal: number;
  readonly bytesSent: number;
  readonly bytesResent: number;
  readonly blobsRestarted: number;
  readonly connectionsReplaced: { readonly stalled: number; readonly slow: number };
  readonly state: string;
  readonly error: unknown;
};
type Done = {
  readonly seconds: number;
  readonly push: { readonly state: string; readonly transfers: readonly Transfer[] };
};

/** Runs the service at the row's mover until the image is placed, from an empty data folder. */
export async function runService(
  row: WanRow,
  wan: Wan,
  at: { readonly folder: string; readonly source: string; readonly targets: readonly string[] },
  signal: AbortSignal,
): Promise<ServiceRun> {
  const config = join(at.folder, 'regions.yaml');
  await writeFile(config, formatConfig(row, at));
  let service = await startService(row, wan, at.folder, config);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const before = readRetransmits(service.pid);
  let retransmits = 0;
  let connections = 0;
  const watch = setInterval(() => {
    try {
      connections = Math.max(connections, countConnections(service.pid, [row.source, ...row.targets].map(wan.address)));
      retransmits = readRetransmits(service.pid) - before;
    } catch {
      // Between two lives of the service there is nobody to look at.
    }
  }, 250);
  const restart = async () => {
    process.kill(service.pid, 'SIGKILL');
    if (service.child.exitCode === null && service.child.signalCode === null) await once(service.child, 'exit');
    service = await startService(row, wan, at.folder, config);
  };
  const mishap = strike(row, wan, restart, either);
  try {
    const { seconds, push } = await Promise.race([
      drive(row, wan, either),
      mishap.then(() => new Promise<never>(() => {})),
    ]);
    if (push.state !== 'placed')
      throw new Error(`the push is ${push.state}: ${JSON.stringify(push.transfers.map(({ error }) => error))}`);
    const sum = (of: (transfer: Transfer) => number) =>
      push.transfers.reduce((total, transfer) => total + of(transfer), 0);
    return {
      seconds,
      bytesSent: sum((transfer) => transfer.bytesSent),
      bytesResent: sum((transfer) => transfer.bytesResent),
      bytesToSend: sum((transfer) => transfer.bytesTotal),
      blobsRestarted: sum((transfer) => transfer.blobsRestarted),
      replaced: sum(({ connectionsReplaced: { stalled, slow } }) => stalled + slow),
      retransmitted: (retransmits * SEGMENT_BYTES) / (row.payload.bytes * row.targets.length),
      connections,
    };
  } finally {
    clearInterval(watch);
    over.abort();
    await mishap.catch(() => {});
    await stopChild(service.child);
  }
}

type Running = { readonly child: ChildProcess; readonly pid: number };

async function startService(row: WanRow, wan: Wan, folder: string, config: string): Promise<Running> {
  const args = [MAIN, 'serve', '--config', config, '--data', join(folder, 'depot'), '--listen', LISTEN];
  const child = wan.spawn(row.mover, process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ENTREPOT_ADMIN_TOKEN: TOKEN },
  });
  if (child.stdout === null) throw new Error('the service has no stdout');
  const lines = createInterface({ input: child.stdout });
  const pid = await new Promise<number>((resolvePid, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with ${code} before it listened`)));
    lines.on('line', (line) => {
      if (line.includes('"listening"')) resolvePid((JSON.parse(line) as { pid: number }).pid);
    });
  });
  return { child, pid };
}

async function drive(row: WanRow, wan: Wan, signal: AbortSignal): Promise<Done> {
  const image = `${PAYLOAD_REPOSITORY}:${tagOf(row.payload)}`;
  const body = JSON.stringify({ image, source: `perf/${image}`, targets: row.targets, referrers: false });
  const child = wan.spawn(row.mover, process.execPath, [DRIVER, `http://${LISTEN}`, body], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => {});
  if (child.stdout === null) throw new Error('the driver has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as Done & { event: string };
    if (event.event === 'done') return event;
  }
  throw new Error(signal.aborted ? 'it took too long' : 'the driver ended without a result');
}

function formatConfig(row: WanRow, at: { source: string; targets: readonly string[] }): string {
  const registries = row.targets.map(
    (host, n) => `  ${host}: { kind: oci, role: home, region: ${host}, url: "http://${at.targets[n]}" }`,
  );
  return `registries:
${registries.join('\n')}
sources: { perf: { url: "http://${at.source}" } }
sites: { here: { service: true } }
`;
}

/** Segments sent again by the host that a process is on (RFC 4022, tcpRetransSegs). */
function readRetransmits(pid: number): number {
  const [names = '', values = ''] = readFileSync(`/proc/${pid}/net/snmp`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('RetransSegs')]);
}

/** Established connections (state 01) from a process's host to some addresses, read from proc_net_tcp(5). */
function countConnections(pid: number, addresses: readonly string[]): number {
  const wanted = new Set(
    addresses.map((address) => Buffer.from(address.split('.').map(Number).reverse()).toString('hex').toUpperCase()),
  );
  const lines = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1),
  );
  return lines.filter((line) => {
    const [, , remote = '', state] = line.trim().split(/\s+/);
    return state === '01' && wanted.has((remote.split(':')[0] ?? '').slice(-8));
  }).length;
}
