import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AuditTrail } from '../access/audit-trail.ts';
import type { Gatekeeper } from '../access/gatekeeper.ts';

/** What the server hands to the app with each request; all of it is absent where no socket is involved. */
export type ApiBindings = {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
  /** Aborts when the server is asked to stop, so that waits and event streams end early. */
  readonly closing?: AbortSignal;
};

export type ApiEnv = {
  Bindings: ApiBindings | undefined;
  Variables: {
    requestId: string;
    gatekeeper: Gatekeeper;
    /** The name of who called, once it is known. */
    caller: string | undefined;
    /** Where what is done is told; absent where nothing is ever done. */
    audit: Pick<AuditTrail, 'record'> | undefined;
    /** What a call was about, for the audit log, where only its handler knows. */
    about: string | undefined;
  };
};
export type ApiContext = Context<ApiEnv>;
export type ApiApp = OpenAPIHono<ApiEnv>;

/**
 * Aborts when the caller went away and, unless told otherwise, when the server is stopping. `release` must be called when the request is answered,
 * else each request would leave a listener at the server's signal.
 */
export function openRequestSignal(
  c: ApiContext,
  { endsOnClosing = true } = {},
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const sources = [c.req.raw.signal, endsOnClosing ? c.env?.closing : undefined].filter(
    (source) => source !== undefined,
  );
  const abort = () => controller.abort();
  for (const source of sources) {
    if (source.aborted) abort();
    else source.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
}
