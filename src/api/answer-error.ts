import type { Log } from '../telemetry/log.ts';
import { isDefect, problemResponse } from './problem.ts';
import type { ApiContext } from './request-context.ts';

/** Whatever a route threw, as a problem document; a defect is logged. */
export function answerError({ log }: { readonly log: Log }, error: unknown, c: ApiContext): Response {
  // Whoever went away hears no answer, and that they went is not a failure.
  if (c.req.raw.signal.aborted)
    log.debug({ event: 'request_aborted', requestId: c.get('requestId'), path: c.req.path });
  else if (isDefect(error))
    log.error({ event: 'request_failed', requestId: c.get('requestId'), path: c.req.path, error });
  return problemResponse(error, c);
}
