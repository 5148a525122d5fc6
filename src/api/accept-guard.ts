import { closeSync, openSync } from 'node:fs';
import { Server as SocketServer } from 'node:net';
import type { Log } from '../telemetry/log.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * Takes no new connections while the process has no file descriptor left: whoever comes then is refused at once, and those
 * who are connected are served. libuv closes what it cannot accept by means of a descriptor that it keeps for that; once
 * that is gone too (the limit was lowered below what is open) a connection that waits wakes the event loop for ever, and
 * no event tells of it (`uv__server_io`, `uv__emfile_trick`: https://github.com/libuv/libuv/blob/v1.x/src/unix/stream.c).
 */
export class AcceptGuard {
  readonly #server: SocketServer;
  readonly #address: { readonly host: string; readonly port: number };
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #isPaused = false;

  /** The server listens already, at this address. */
  constructor(server: SocketServer, address: { host: string; port: number }, log: Log) {
    this.#server = server;
    this.#address = address;
    this.#log = log;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const isPaused = !hasDescriptor();
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) {
      // Of HTTP servers' own `close` this is the part that lets connections be.
      SocketServer.prototype.close.call(this.#server);
      const detail = 'the process may open no more files; new connections are refused until it may (see ulimit -n)';
      this.#log.error({ event: 'no file descriptor left', detail });
    } else this.#listen();
  }

  #listen(): void {
    const again = (error: Error) => {
      this.#isPaused = true;
      this.#log.error({ event: 'no new connections', error: error.message });
    };
    this.#server.once('error', again);
    this.#server.listen(this.#address, () => {
      this.#server.off('error', again);
      this.#log.info({ event: 'new connections are taken again' });
    });
  }
}

function hasDescriptor(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  }
}
