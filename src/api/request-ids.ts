import { randomBytes } from 'node:crypto';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Ids for requests: the caller's `X-Request-Id` where it has a sensible form, else one of our own. */
export class RequestIds {
  readonly #prefix = randomBytes(6).toString('hex');
  #count = 0;

  next(given: string | undefined): string {
    this.#count += 1;
    return given !== undefined && REQUEST_ID.test(given) ? given : `${this.#prefix}-${this.#count.toString(36)}`;
  }
}
