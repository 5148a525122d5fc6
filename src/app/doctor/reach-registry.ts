import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';
import { Failure } from '../../kernel/failure.ts';
import { openSocketOptions } from '../../net/socket-options.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import type { CheckList, Finding } from './check-list.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A certificate that ends sooner is worth a word. */
const CERTIFICATE_DAYS = 14;

/** From name to a connection that is ready, each step told apart. */
export async function reachRegistry(entry: RegistryEntry, list: CheckList): Promise<void> {
  const url = new URL(entry.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  await list.run('dns', [], () => findAddresses(host));
  let socket: Socket | undefined;
  try {
    await list.run('tcp', ['dns'], async () => {
      const begunMs = performance.now();
      socket = await openSocket(host, port);
      return `connected to ${socket.remoteAddress}:${port} in ${Math.round(performance.now() - begunMs)} ms`;
    });
    const tcp = socket;
    await list.run('congestion', ['tcp'], async () => checkCongestion(tcp));
    if (url.protocol === 'https:') await list.run('tls', ['tcp'], () => checkTls(entry, tcp, host));
    else
      await list.run('tls', ['tcp'], async () => ({
        state: 'warning',
        detail: 'plain HTTP, as the configuration says: passwords and images travel unprotected',
      }));
  } finally {
    socket?.destroy();
  }
}

async function findAddresses(host: string): Promise<Finding> {
  if (isIP(host) !== 0) return `${host} is an address`;
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.map(({ address }) => address).join(', ');
  } catch (cause) {
    throw new Failure('connect_failed', `looking up ${host} failed (${codeOf(cause)})`, { cause });
  }
}

async function openSocket(host: string, port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Failure('connect_failed', `connecting to ${host}:${port} failed (${why})`));
    };
    socket.once('connect', () => resolve(socket));
    socket.once('timeout', () => fail(`no answer in ${CONNECT_TIMEOUT_MS / 1_000} s`));
    socket.on('error', (error) => fail(codeOf(error)));
  });
}

function checkCongestion(socket: Socket | undefined): Finding {
  const options = openSocketOptions();
  const own = socket === undefined ? undefined : options.findCongestionControl(socket);
  if (socket === undefined || own === undefined) return { state: 'warning', detail: 'this system does not tell' };
  if (options.setCongestionControl(socket, 'bbr')) return 'bbr is available';
  return { state: 'warning', detail: `bbr is not available to this process, long paths will use ${own}` };
}

async function checkTls(entry: RegistryEntry, socket: Socket | undefined, host: string): Promise<Finding> {
  const ca = entry.ca === undefined ? undefined : [...getCACertificates('default'), await readFile(entry.ca, 'utf8')];
  const tls = await new Promise<TLSSocket>((resolve, reject) => {
    if (socket === undefined) throw new Failure('internal', 'TLS without a connection');
    const secured = connectTls({
      socket,
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      ...(ca === undefined ? {} : { ca }),
    });
    secured.once('secureConnect', () => resolve(secured));
    secured.on('error', (cause) =>
      reject(new Failure('tls_failed', `TLS with ${host} failed: ${cause.message}`, { cause })),
    );
  });
  const end = Date.parse(tls.getPeerCertificate().valid_to);
  const days = Math.floor((end - Date.now()) / 86_400_000);
  const detail = `${tls.getProtocol()}, the certificate is good for ${days} more days`;
  return days < CERTIFICATE_DAYS ? { state: 'warning', detail } : detail;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
