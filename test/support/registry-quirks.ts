import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { refuse } from '../../src/api/v2/registry-answer.ts';
import type { RegistryStorage } from '../../src/api/v2/registry-storage.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { eventually } from './eventually.ts';
import type { Exchange } from './exchange.ts';

export type RegistryQuirks = {
  /** `false` answers every range with the whole blob. */
  readonly ranges?: boolean;
  /** What a mount is answered with: `ignore` an ordinary session (202), `deny` a 403. Default `accept`. */
  readonly mounts?: 'accept' | 'ignore' | 'deny';
  /** How the places of upload sessions are written; `state` adds a signed query that must come back letter by letter, and be the latest. */
  readonly locations?: 'relative' | 'absolute' | 'state';
  /** docker-registry 2.8: a session whose chunk was cut is gone. */
  readonly forgetsCutUploads?: boolean;
  /** ECR: PATCH answers 201 and its Range stays at the first chunk; a chunk counts whole or not at all; 416 names the offset in words. */
  readonly ecr?: boolean;
};

const SESSION = /^\/v2\/(.+)\/blobs\/uploads\/([0-9a-f-]{36})$/;

/** Plays real registries by changing requests before, and answers after, the protocol has handled them. */
export class QuirkPlayer {
  readonly #quirks: RegistryQuirks;
  readonly #storage: () => RegistryStorage;
  readonly #firstRange = new Map<string, string>();
  readonly #states = new Map<string, string>();

  constructor(quirks: RegistryQuirks, storage: () => RegistryStorage) {
    this.#quirks = quirks;
    this.#storage = storage;
  }

  /** False when the request is answered already. */
  play(exchange: Exchange, origin: string): boolean {
    const { request, response } = exchange;
    const { ranges, mounts = 'accept', forgetsCutUploads, ecr, locations = 'relative' } = this.#quirks;
    if (ranges === false) delete request.headers.range;
    const url = new URL(request.url ?? '/', 'http://registry');
    if (mounts !== 'accept' && url.searchParams.has('mount')) {
      if (mounts === 'deny') {
        answer(exchange, refuse('DENIED', 'mounting is not allowed here'));
        return false;
      }
      request.url = url.pathname;
    }
    const session = SESSION.exec(url.pathname);
    if (
      session !== null &&
      locations === 'state' &&
      !url.search.includes(this.#states.get(url.pathname) ?? 'no state')
    ) {
      answer(exchange, refuse('BLOB_UPLOAD_INVALID', 'the state of the upload is not the one given', { status: 404 }));
      return false;
    }
    if (session !== null && forgetsCutUploads)
      request.once('close', () => request.readableEnded || this.#forget(session[1] ?? '', session[2] ?? ''));
    if (ecr && request.method === 'PATCH') exchange.holdBody = true;
    let body: Buffer | undefined;
    exchange.rewriteHead = (status, given) => {
      let head = { status, headers: { ...given } };
      if (ecr && session !== null) {
        body = this.#playEcr(url.pathname, request, head);
        if (body !== undefined) head = { status, headers: { ...head.headers, 'content-length': body.byteLength } };
        else if (request.method === 'PATCH' && status === 202) head = { ...head, status: 201 };
      }
      const { location } = head.headers;
      if (typeof location === 'string' && location.startsWith('/'))
        head.headers.location = this.#writeLocation(location, origin);
      return head;
    };
    exchange.rewriteBody = (given) => body ?? given;
    // A listener that reads the URL must see what was changed above.
    return !response.writableEnded;
  }

  #writeLocation(location: string, origin: string): string {
    const { locations = 'relative' } = this.#quirks;
    if (locations === 'relative') return location;
    if (locations === 'absolute' || !SESSION.test(location)) return `${origin}${location}`;
    // Characters that URL libraries like to write anew.
    const state = `_state=a%20b~c*%2A(${randomBytes(6).toString('hex')})==`;
    this.#states.set(location, state);
    return `${origin}${location}?${state}`;
  }

  /** Changes the head in place; gives the body of a 416. */
  #playEcr(
    path: string,
    { method, headers }: IncomingMessage,
    head: { status: number; headers: Record<string, unknown> },
  ): Buffer | undefined {
    const { range } = head.headers;
    if (head.status === 416) {
      const offset = Number(String(range).split('-')[1]) + 1;
      delete head.headers.range;
      const { body } = refuse(
        'BLOB_UPLOAD_INVALID',
        `First byte of the layer part is ${String(headers['content-range']).split('-')[0]} instead of ${offset}`,
      );
      return body instanceof Uint8Array ? Buffer.from(body) : undefined;
    }
    if (typeof range !== 'string' || method === 'POST') return undefined;
    if (method === 'PATCH' && !this.#firstRange.has(path)) this.#firstRange.set(path, range);
    head.headers.range = this.#firstRange.get(path) ?? '0-0';
    return undefined;
  }

  #forget(repository: string, id: string): void {
    const name = parseRepositoryName(repository);
    // The cut request may be at work on the session still; cancelling waits for it.
    eventually(async () => !(await this.#storage().cancelUpload(name, id))).catch(() => {});
  }
}

function answer(exchange: Exchange, given: ReturnType<typeof refuse>): void {
  exchange.response.writeHead(given.status, { ...given.headers });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : given.body);
  exchange.request.resume();
}
