import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '../../kernel/failure.ts';

type Watched = { request: IncomingMessage; response: ServerResponse; bytesSeen: number; stillSinceMs: number };

/**
 * Cuts connections on which a body should be moving and is not: the client sends no more of its request, or takes no
 * more of the answer. Time in which the client waits for us (a slow disk, a long verification) does not count, which
 * is why neither the server's request timeout nor the socket's own will do.
 */
export class StallWatch {
  readonly #timeoutMs: number;
  readonly #watched = new Set<Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#timer = setInterval(() => this.#look(performance.now()), Math.max(10, timeoutMs / 4)).unref();
  }

  watch(request: IncomingMessage, response: ServerResponse): void {
    const watched: Watched = { request, response, bytesSeen: -1, stillSinceMs: 0 };
    this.#watched.add(watched);
    request.once('close', () => this.#forgetFinished(watched));
    response.once('close', () => this.#forgetFinished(watched));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #forgetFinished(watched: Watched): void {
    const { request, response } = watched;
    if (request.destroyed || (request.readableEnded && response.closed)) this.#watched.delete(watched);
  }

  #look(nowMs: number): void {
    for (const watched of this.#watched) {
      const { request, response } = watched;
      const { socket } = request;
      const waitsForBody = !request.readableEnded && request.readableFlowing === true;
      const waitsForTaker = socket.writableLength > 0;
      const bytes = socket.bytesRead + socket.bytesWritten - socket.writableLength;
      if (socket.destroyed) this.#watched.delete(watched);
      else if (!(waitsForBody || waitsForTaker) || bytes !== watched.bytesSeen) {
        watched.bytesSeen = bytes;
        watched.stillSinceMs = nowMs;
      } else if (nowMs - watched.stillSinceMs >= this.#timeoutMs) {
        this.#watched.delete(watched);
        const failure = new Failure('stalled', `no byte moved for ${this.#timeoutMs} ms`);
        request.destroy(failure);
        response.destroy(failure);
      }
    }
  }
}
