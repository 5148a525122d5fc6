import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Failure } from '../kernel/failure.ts';
import type { Log } from '../telemetry/log.ts';
import { toProblem } from './problem.ts';

/** One that is refused has this long to ask, so that it can be told why. */
const REFUSED_MS = 5_000;
/** When somebody who was refused may come again: others end meanwhile. */
const RETRY_AFTER_SECONDS = '5';
const TELL_EVERY_MS = 60_000;

/**
 * Keeps the connections of callers within a bound, so that descriptors are left for files and for what the service
 * itself asks of others. A new one that is too many takes the place of the one that has been idle longest (as a client
 * must expect: RFC 9112, section 9.3.1); where none is idle, it is told 503 and when to come again.
 */
export class ConnectionRoom {
  readonly #most: number;
  readonly #log: Log;
  /** By peer, which is the same below TLS and above it; the one that was used least recently first. */
  readonly #open = new Map<string, Socket>();
  readonly #answering = new Map<string, number>();
  readonly #refused = new Set<string>();
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(server: HttpServer | TlsServer, { most, log }: { most: number; log: Log }) {
    this.#most = most;
    this.#log = log;
    server.on('connection', (socket: Socket) => this.#take(socket));
    server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) =>
      this.#noteAnswer(peerOf(incoming.socket), outgoing),
    );
  }

  /** Answers a request on a connection that is too many. */
  refuse(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    if (this.#refused.size === 0 || !this.#refused.has(peerOf(incoming.socket))) return false;
    const failure = new Failure(
      'not_ready',
      'There are as many connections as the service can hold, and all are in use',
    );
    outgoing.writeHead(503, {
      'content-type': 'application/problem+json',
      'retry-after': RETRY_AFTER_SECONDS,
      connection: 'close',
    });
    const instance = incoming.url?.split('?', 1)[0]?.slice(0, 300) ?? '/';
    outgoing.end(JSON.stringify(toProblem(failure, { instance, requestId: '' })));
    return true;
  }

  #take(socket: Socket): void {
    const peer = peerOf(socket);
    this.#open.set(peer, socket);
    socket.once('close', () => {
      if (this.#open.get(peer) === socket) this.#open.delete(peer);
      this.#refused.delete(peer);
    });
    if (this.#open.size > this.#most) this.#makeRoom(peer, socket);
  }

  #makeRoom(peer: string, socket: Socket): void {
    this.#tell();
    for (const [other, idle] of this.#open) {
      if (other === peer || this.#answering.has(other)) continue;
      this.#open.delete(other);
      idle.destroy();
      return;
    }
    this.#refused.add(peer);
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  #noteAnswer(peer: string, outgoing: ServerResponse): void {
    this.#answering.set(peer, (this.#answering.get(peer) ?? 0) + 1);
    outgoing.once('close', () => {
      const left = (this.#answering.get(peer) ?? 1) - 1;
      if (left > 0) this.#answering.set(peer, left);
      else this.#answering.delete(peer);
      const socket = this.#open.get(peer);
      if (socket === undefined) return;
      this.#open.delete(peer);
      this.#open.set(peer, socket);
    });
  }

  #tell(): void {
    if (performance.now() - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = performance.now();
    const detail =
      'idle ones are ended to make room; raise the limit of open files (ulimit -n) if these are your clients';
    this.#log.warn({ event: 'too many connections', most: this.#most, detail });
  }
}

const peers = new WeakMap<Socket, string>();

/** Remembered: it is asked for at each request. */
function peerOf(socket: Socket): string {
  let peer = peers.get(socket);
  if (peer === undefined) {
    peer = `${socket.remoteAddress} ${socket.remotePort}`;
    peers.set(socket, peer);
  }
  return peer;
}
