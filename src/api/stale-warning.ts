import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../kernel/clock.ts';
import type { ApiEnv } from './request-context.ts';

/** A copy that nobody has confirmed for this long is said to be old. */
const STALE_AFTER_MS = 5 * 60_000;

type Copy = { readonly asOf: number | null };

/** The `Warning` of an answer from an old copy; undefined while it is not. Source: RFC 7234, section 5.5.1. */
export function findStaleWarning(copy: Copy, clock: Pick<Clock, 'nowMs'>): string | undefined {
  if (copy.asOf === null || clock.nowMs() - copy.asOf <= STALE_AFTER_MS) return undefined;
  return '110 - "Response is Stale"';
}

/** Adds it to every answer. */
export function staleWarning(copy: Copy, clock: Pick<Clock, 'nowMs'>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    const warning = findStaleWarning(copy, clock);
    if (warning !== undefined) c.header('Warning', warning);
  };
}
