import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MatchedFault } from './registry-faults.ts';

/** A request as the log keeps it; what is still moving keeps counting. */
export type LoggedRequest = {
  readonly method: string;
  /** Path and query as they came. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined until it is answered, and when it never was. */
  status: number | undefined;
  /** Bytes of the request's body that arrived, and of the answer's that were written. */
  bytesIn: number;
  bytesOut: number;
};

type WriteHead = (status: number, headers: OutgoingHttpHeaders) => { status: number; headers: OutgoingHttpHeaders };

/**
 * Stands between a connection and the registry: counts bodies, lets answers be rewritten, and makes faults happen.
 * It works on the request's `push` and the answer's `write`, so backpressure stays what it is.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly logged: LoggedRequest;
  /** Rewrites the head of the answer. */
  rewriteHead: WriteHead | undefined;
  /** Replaces the body of an answer that is given in one piece. */
  rewriteBody: ((body: Buffer) => Buffer) | undefined;
  /** Holds the body back until all of it is there: a registry that takes a chunk whole or not at all. */
  holdBody = false;
  readonly #fault: MatchedFault | undefined;
  #held: Buffer[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, fault: MatchedFault | undefined) {
    this.request = request;
    this.response = response;
    this.#fault = fault;
    this.logged = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: { ...request.headers },
      status: undefined,
      bytesIn: 0,
      bytesOut: 0,
    };
    this.#tapRequest();
    this.#tapResponse();
  }

  /** Hands the request on to `handle`, unless the fault is all that happens. */
  async run(handle: () => void): Promise<void> {
    const fault = this.#fault;
    if (fault?.delayMs !== undefined) {
      await sleep(fault.delayMs);
      if (fault.status === undefined && !fault.reset && !fault.stall && !this.#faultsAnswer) fault.struck();
    }
    if (fault?.status !== undefined) {
      fault.struck();
      this.#answer(fault, fault.status);
    } else if ((fault?.reset || fault?.stall) && (fault.afterBytes ?? 0) === 0) {
      fault.struck();
      if (fault.reset) this.request.socket.resetAndDestroy();
    } else handle();
  }

  get #hasBody(): boolean {
    const { headers } = this.request;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  get #faultsAnswer(): boolean {
    const fault = this.#fault;
    return (
      fault !== undefined && (fault.truncate !== undefined || fault.corrupt !== undefined || fault.loseAnswer === true)
    );
  }

  #answer(fault: MatchedFault, status: number): void {
    const body = Buffer.from(fault.body ?? '');
    const retryAfter = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    this.response.writeHead(status, {
      'content-type': fault.contentType ?? 'text/plain',
      'content-length': body.byteLength,
      ...retryAfter,
      ...fault.headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
    this.request.resume();
  }

  #tapRequest(): void {
    const { request, logged } = this;
    const fault = this.#fault;
    const limit = this.#hasBody && (fault?.reset || fault?.stall) ? fault.afterBytes : undefined;
    const push = request.push.bind(request);
    let cut = false;
    request.push = (chunk: Buffer | null): boolean => {
      if (cut) return false;
      if (chunk === null) {
        for (const held of this.#held) push(held);
        return push(null);
      }
      const taken = limit === undefined ? chunk : chunk.subarray(0, limit - logged.bytesIn);
      logged.bytesIn += taken.byteLength;
      if (this.holdBody) this.#held.push(taken);
      const more = this.holdBody || push(taken);
      if (limit === undefined || logged.bytesIn < limit) return more;
      cut = true;
      fault?.struck();
      if (fault?.reset) this.#resetWhenRead();
      return false;
    };
  }

  /** What was let through shall arrive: the connection goes only once it is read. */
  #resetWhenRead(): void {
    const { request, response } = this;
    const look = (): void => {
      if (request.readableLength === 0 || response.writableEnded || request.destroyed) request.socket.resetAndDestroy();
      else setImmediate(look);
    };
    setImmediate(look);
  }

  #tapResponse(): void {
    const { request, response, logged } = this;
    const fault = this.#fault;
    const writeHead = response.writeHead.bind(response);
    const write = response.write.bind(response);
    const end = response.end.bind(response);
    const cutsAnswer = !this.#hasBody && (fault?.reset || fault?.stall) ? fault.afterBytes : undefined;
    const limit = fault?.truncate ?? cutsAnswer;
    let over = false;

    const finishCut = (): void => {
      over = true;
      fault?.struck();
      if (fault?.stall) return;
      if (fault?.truncate !== undefined) request.socket.destroySoon();
      else setImmediate(() => request.socket.resetAndDestroy());
    };
    const trickle = (chunk: Buffer, everyMs: number): boolean => {
      over = true;
      fault?.struck();
      let sent = 0;
      const timer = setInterval(() => {
        if (sent < chunk.byteLength) write(chunk.subarray(sent, sent + 1));
        sent += 1;
        logged.bytesOut += 1;
      }, everyMs);
      response.once('close', () => clearInterval(timer));
      return false;
    };
    const pass = (chunk: Buffer, done?: () => void): boolean => {
      if (fault?.trickleMs !== undefined) return trickle(chunk, fault.trickleMs);
      let out = chunk;
      const flip = typeof fault?.corrupt === 'number' ? fault.corrupt : fault?.corrupt ? 0 : -1;
      if (flip >= logged.bytesOut && flip < logged.bytesOut + chunk.byteLength) {
        out = Buffer.from(chunk);
        const at = flip - logged.bytesOut;
        out.writeUInt8(out.readUInt8(at) ^ 1, at);
        fault?.struck();
      }
      if (limit !== undefined) out = out.subarray(0, limit - logged.bytesOut);
      logged.bytesOut += out.byteLength;
      if (limit === undefined || logged.bytesOut < limit) return write(out, done);
      over = true;
      if (out.byteLength > 0) write(out, () => finishCut());
      else {
        response.flushHeaders();
        setImmediate(finishCut);
      }
      return false;
    };
    Object.assign(response, {
      writeHead: (status: number, headers: OutgoingHttpHeaders = {}) => {
        const head = this.rewriteHead?.(status, headers) ?? { status, headers };
        logged.status = head.status;
        if (fault?.loseAnswer) return response;
        return writeHead(head.status, head.headers);
      },
      write: (chunk: Buffer, ...rest: unknown[]) => {
        const done = rest.find((argument): argument is () => void => typeof argument === 'function');
        if (over) return false;
        if (fault?.loseAnswer) {
          done?.();
          return true;
        }
        return pass(Buffer.from(chunk), done);
      },
      end: (chunk?: Buffer) => {
        if (fault?.loseAnswer) {
          fault.struck();
          request.socket.resetAndDestroy();
          return response;
        }
        if (over) return response;
        const isHead = request.method === 'HEAD';
        const body = chunk === undefined ? undefined : (this.rewriteBody?.(Buffer.from(chunk)) ?? Buffer.from(chunk));
        if (body !== undefined && !isHead && body.byteLength > 0) pass(body);
        return over ? response : end();
      },
    });
  }
}
