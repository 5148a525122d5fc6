import type { IncomingMessage, Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Log } from '../telemetry/log.ts';

type Watched = { bytesRead: number; movedAt: number };

/**
 * Gives up requests whose body stopped coming. A body may take for ever as long as it moves, and one that waits for us
 * (its bytes lie unread here) is not the sender's fault.
 */
export class BodyWatch {
  readonly #bodies = new Map<IncomingMessage, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(server: Server | TlsServer, stallMs: number, log: Log) {
    server.prependListener('request', (incoming: IncomingMessage) => {
      if (!hasBody(incoming)) return;
      this.#bodies.set(incoming, { bytesRead: incoming.socket.bytesRead, movedAt: performance.now() });
      const forget = () => this.#bodies.delete(incoming);
      incoming.once('end', forget);
      incoming.once('close', forget);
    });
    // Looking four times within the limit tells a stall at most a quarter late.
    this.#timer = setInterval(() => this.#look(stallMs, log), Math.max(stallMs / 4, 10));
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#bodies.clear();
  }

  #look(stallMs: number, log: Log): void {
    const now = performance.now();
    for (const [incoming, seen] of this.#bodies) {
      const { bytesRead } = incoming.socket;
      if (bytesRead !== seen.bytesRead || incoming.readableLength > 0) {
        this.#bodies.set(incoming, { bytesRead, movedAt: now });
      } else if (now - seen.movedAt >= stallMs) {
        this.#bodies.delete(incoming);
        log.warn({ event: 'request_body_stalled', method: incoming.method, bytes: bytesRead });
        incoming.destroy();
      }
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
