import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApiEnv } from './request-context.ts';
import type { RequestIds } from './request-ids.ts';

/** Called so often that their successes are worth a line only to someone who looks for them. */
const QUIET_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/v1/resolve']);

/**
 * Gives each request an id (the caller's `X-Request-Id` where it has a sensible form) which its answer carries, and
 * writes one line about it: its path but never its query or headers, and who called, by name.
 */
export function requestLog(log: Log, clock: Clock, ids: RequestIds): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = clock.elapsedMs();
    const requestId = ids.next(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    // Set on the socket's own answer where there is one: a Headers object for each request costs a tenth of its time.
    const outgoing = c.env?.outgoing;
    outgoing?.setHeader('X-Request-Id', requestId);
    await next();
    if (outgoing === undefined) c.header('X-Request-Id', requestId);
    const { status } = c.res;
    const caller = c.get('caller');
    const write = status < 400 && QUIET_PATHS.has(c.req.path) ? log.debug : log.info;
    write({
      event: 'request',
      method: c.req.method,
      path: c.req.path,
      status,
      ms: Math.round((clock.elapsedMs() - startedAt) * 10) / 10,
      requestId,
      ...(caller === undefined ? {} : { caller }),
    });
  };
}
