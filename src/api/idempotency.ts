import { hash } from 'node:crypto';
import { Failure } from '../kernel/failure.ts';
import type { IdempotencyKey } from '../sync/push/push-store.ts';
import { canonicalJson } from './canonical-json.ts';
import type { ApiContext } from './request-context.ts';

const VALID_FOR_MS = 24 * 60 * 60 * 1_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The request's `Idempotency-Key` with what the request stood for: its method, path and canonical body. Undefined
 * without the header; throws `validation_failed` for a key of other characters or over 255 of them.
 */
export function findIdempotencyKey(c: ApiContext, body: unknown, nowMs: number): IdempotencyKey | undefined {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return undefined;
  if (!KEY.test(key)) {
    const detail = 'must be 1 to 255 visible ASCII characters without spaces';
    throw new Failure('validation_failed', `Idempotency-Key ${detail}`, {
      errors: [{ path: 'Idempotency-Key', detail }],
    });
  }
  const request = [c.req.method, c.req.path, body];
  return { key, bodyHash: hash('sha256', canonicalJson(request), 'hex'), expiresAt: nowMs + VALID_FOR_MS };
}
