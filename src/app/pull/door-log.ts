import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestIds } from '../../api/request-ids.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../telemetry/log.ts';

export type DoorLogParts = {
  readonly log: Log;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly ids: RequestIds;
  /** Who a request comes from. */
  readonly callerOf: (incoming: IncomingMessage) => Promise<string | undefined>;
};

/** Answers that belong to every push and pull: not logged in, not there yet, go on elsewhere. */
const ORDINARY: ReadonlySet<number> = new Set([401, 404]);

/**
 * Writes one line about a request at the OCI door once its answer has ended, as the rest of the API does: what is put,
 * deleted or refused for everybody, what is read and each chunk only for those who look for it. The id of the push that
 * a tag made is in the line; a client that went away before the end of its answer is `cut`.
 */
export function logDoorRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { log, clock, ids, callerOf }: DoorLogParts,
): void {
  const { method = '', url = '' } = incoming;
  const [path = ''] = url.split('?', 1);
  const startedAt = clock.elapsedMs();
  const requestId = ids.of(incoming);
  outgoing.setHeader('x-request-id', requestId);
  outgoing.once('close', () => {
    const { statusCode: status } = outgoing;
    const push = outgoing.getHeader('entrepot-push');
    const isNews =
      status < 400 ? ['PUT', 'DELETE'].includes(method) : !ORDINARY.has(status) || ['PUT', 'DELETE'].includes(method);
    const write = isNews ? log.info : log.debug;
    const facts = {
      event: 'request',
      method,
      path,
      status,
      ms: Math.round((clock.elapsedMs() - startedAt) * 10) / 10,
      requestId,
      ...(push === undefined ? {} : { push }),
      ...(outgoing.writableFinished ? {} : { cut: true }),
    };
    void callerOf(incoming).then((caller) => write({ ...facts, ...(caller === undefined ? {} : { caller }) }));
  });
}
