import { Failure } from '../kernel/failure.ts';
import type { ApiContext } from './request-context.ts';

const USER = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;

/** Who asks, for the history: the header `X-Entrepot-User` (1 to 128 printable ASCII characters), else `anonymous`. */
export function getRequester(c: ApiContext): string {
  const user = c.req.header('x-entrepot-user');
  if (user === undefined) return 'anonymous';
  if (!USER.test(user)) {
    const detail = 'must be 1 to 128 printable ASCII characters';
    throw new Failure('validation_failed', `X-Entrepot-User ${detail}`, {
      errors: [{ path: 'X-Entrepot-User', detail }],
    });
  }
  return user;
}
