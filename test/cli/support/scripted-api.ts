import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type SeenRequest = {
  /** `GET /v1/pushes/p1?wait=2000ms` */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/** Answers one request, or breaks it off in a way of its own. */
export type Answer = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

/**
 * The far side of the network: an HTTP server that answers what a test scripted for `METHOD /path` (the query does not
 * count), in order. A request that nothing was scripted for is answered 500, and `close` fails for it, as it does for a
 * scripted answer that nobody asked for.
 */
export class ScriptedApi implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #queues = new Map<string, Answer[]>();
  readonly #standing = new Map<string, Answer>();
  readonly #unexpected: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<ScriptedApi> {
    const server = createServer((request, response) => void api.#answer(request, response));
    const api = new ScriptedApi(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Each answer is given once. */
  on(route: string, ...answers: Answer[]): this {
    this.#queues.set(route, [...(this.#queues.get(route) ?? []), ...answers]);
    return this;
  }

  /** Given whenever nothing is left in the queue of the route. */
  always(route: string, answer: Answer): this {
    this.#standing.set(route, answer);
    return this;
  }

  lines(): string[] {
    return this.requests.map(({ line }) => line);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk);
    } catch {
      this.requests.push({ line: `${incoming.method} ${incoming.url} (cut off)`, headers: incoming.headers, body: '' });
      return;
    }
    const request = {
      line: `${incoming.method} ${incoming.url}`,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.requests.push(request);
    const route = `${incoming.method} ${incoming.url?.split('?')[0]}`;
    const answer = this.#queues.get(route)?.shift() ?? this.#standing.get(route);
    if (answer === undefined) {
      this.#unexpected.push(request.line);
      response.writeHead(500).end();
      return;
    }
    await answer(response, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    const unused = [...this.#queues]
      .filter(([, answers]) => answers.length > 0)
      .map(([route, { length }]) => `${route} (${length} left)`);
    if (this.#unexpected.length > 0 || unused.length > 0) {
      throw new Error(
        `unexpected requests: ${this.#unexpected.join(', ') || 'none'}; unused answers: ${unused.join(', ') || 'none'}`,
      );
    }
  }
}

export const json =
  (value: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };

export const problem =
  (status: number, code: string, detail: string, more: object = {}, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const body = { type: `/docs#${code}`, title: code, status, detail, code, instance: '/v1/x', ...more };
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(body));
  };

/** Breaks the connection without an answer. */
export const cut: Answer = (response) => {
  response.socket?.destroy();
};

export type StreamPart =
  | { readonly id?: number; readonly event: string; readonly data: unknown }
  | 'cut'
  | 'hang'
  | 'comment'
  | Promise<unknown>;

/** A stream of events; `cut` breaks it, `hang` leaves it open without another word, a promise holds it until it is kept. */
export const events =
  (...parts: StreamPart[]): Answer =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const part of parts) {
      if (part === 'hang') return;
      if (part instanceof Promise) {
        await part;
        continue;
      }
      if (part === 'cut') {
        // After what was written has left: a destroyed socket would take it along.
        response.write(': bye\n\n', () => response.socket?.destroy());
        return;
      }
      if (part === 'comment') response.write(': still here\n\n');
      else
        response.write(
          `${part.id === undefined ? '' : `id: ${part.id}\n`}event: ${part.event}\ndata: ${JSON.stringify(part.data)}\n\n`,
        );
    }
    response.end();
  };
