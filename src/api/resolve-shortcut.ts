import { findRefusal, reachOf } from '../access/allowance.ts';
import type { Gatekeeper } from '../access/gatekeeper.ts';
import type { Principal } from '../access/principal.ts';
import type { Resolution, Resolves } from '../choice/resolution.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { writeResolution } from './present/present-resolution.ts';
import type { RequestIds } from './request-ids.ts';
import type { HttpShortcut } from './serve.ts';

const PATH = '/v1/resolve?';
/** What decoding would change, or what is no plain value: such queries take the long way. */
const NOT_PLAIN = /[%+#]/;

export type ResolveShortcutOptions = {
  readonly resolver: Pick<Resolves, 'resolve'>;
  readonly gatekeeper: Pick<Gatekeeper, 'admitAtOnce'>;
  readonly ids: RequestIds;
  readonly log: Log;
  readonly clock: Clock;
};

/**
 * The short way for the question that is asked most: `GET /v1/resolve` with an image and a cluster and nothing else.
 * The framework around a request costs several times what resolving does, so this stands before it. It answers only
 * what it can answer with 200; whatever else there is to say (a mistake, a wait, no placement, no token) is left to the route,
 * which asks again. That way there is one place for each sentence and this one can stay short.
 */
export function resolveShortcut({ resolver, gatekeeper, ids, log, clock }: ResolveShortcutOptions): HttpShortcut {
  return (incoming, outgoing) => {
    const { url = '', method, headers } = incoming;
    if (method !== 'GET' || !url.startsWith(PATH) || headers.host === undefined) return false;
    const question = findPlainQuestion(url.slice(PATH.length));
    if (question === undefined) return false;
    const startedAt = clock.elapsedMs();
    const caller = gatekeeper.admitAtOnce({ authorization: headers.authorization, socket: incoming.socket }, 'resolve');
    if (caller === undefined || !mayAsk(caller, question)) return false;
    let resolution: Resolution;
    try {
      resolution = resolver.resolve(question);
    } catch {
      return false;
    }
    const { body, type } = writeResolution(resolution, headers.accept);
    const requestId = ids.of(incoming);
    outgoing.writeHead(200, [
      'content-type',
      type,
      'vary',
      'Accept',
      'x-request-id',
      requestId,
      'content-length',
      `${Buffer.byteLength(body)}`,
    ]);
    outgoing.end(body);
    log.debug({
      event: 'request',
      method,
      path: '/v1/resolve',
      status: 200,
      ms: Math.round((clock.elapsedMs() - startedAt) * 10) / 10,
      requestId,
      caller: caller.name,
    });
    return true;
  };
}

function mayAsk(caller: Principal, { image, cluster }: { image: string; cluster: string }): boolean {
  if (reachOf(caller, 'resolve') === 'any') return true;
  // No host can stand before the name, so it ends where the tag or digest begins.
  const name = image.slice(0, image.search(/[:@]|$/));
  return findRefusal(caller, 'resolve', { cluster, images: [name] }) === undefined;
}

/** `image=…&cluster=…` in either order, with values of sensible length that mean what they say. */
function findPlainQuestion(query: string): { image: string; cluster: string } | undefined {
  if (NOT_PLAIN.test(query)) return undefined;
  const and = query.indexOf('&');
  if (and < 0 || query.indexOf('&', and + 1) >= 0) return undefined;
  const parts = [query.slice(0, and), query.slice(and + 1)];
  const image = parts.find((part) => part.startsWith('image='))?.slice('image='.length) ?? '';
  const cluster = parts.find((part) => part.startsWith('cluster='))?.slice('cluster='.length) ?? '';
  if (image === '' || image.length > 1_024 || cluster === '' || cluster.length > 128) return undefined;
  return { image, cluster };
}
