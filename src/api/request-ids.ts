import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Ids for requests: the caller's `X-Request-Id` where it has a sensible form, else one of our own. */
export class RequestIds {
  readonly #prefix = randomBytes(6).toString('hex');
  #count = 0;
  readonly #given = new WeakMap<IncomingMessage, string>();

  /** The id of a request that is answered outside the app; always the same for the same request. */
  of(incoming: IncomingMessage): string {
    const header = incoming.headers['x-request-id'];
    const id = this.#given.get(incoming) ?? this.next(typeof header === 'string' ? header : undefined);
    this.#given.set(incoming, id);
    return id;
  }

  next(given: string | undefined): string {
    this.#count += 1;
    return given !== undefined && REQUEST_ID.test(given) ? given : `${this.#prefix}-${this.#count.toString(36)}`;
  }
}
