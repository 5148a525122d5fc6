import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from '@hono/zod-openapi';
import type { Resolution, ResolveRequest } from '../../choice/resolution.ts';
import { Failure, isFailure } from '../../kernel/failure.ts';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation, mountUncheckedOperation } from '../operation.ts';
import { parseInput, queryValues } from '../parse-input.ts';
import { prefersText } from '../prefers-text.ts';
import { presentResolution } from '../present/present-resolution.ts';
import { toProblem } from '../problem.ts';
import { type ApiApp, type ApiContext, openRequestSignal } from '../request-context.ts';
import { waitQuery } from '../schema/page-schema.ts';
import type { Problem } from '../schema/problem-schema.ts';
import { type Resolve, resolveManyAnswerSchema, resolveManySchema, resolveSchema } from '../schema/resolve-schema.ts';

type Services = Pick<ApiServices, 'resolver' | 'world' | 'log'>;

const JSON_HEADERS = { 'content-type': 'application/json', vary: 'Accept' };
const TEXT_HEADERS = { 'content-type': 'text/plain; charset=utf-8', vary: 'Accept' };

const resolveQuery = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(1_024)
    .openapi({ description: '`name:tag`, or `name@sha256:…` for a release by its digest', example: 'team/app:1.2.3' }),
  cluster: z.string().min(1).max(128).openapi({ example: 'us-east-prod' }),
  ...waitQuery,
});

/** Where a cluster pulls an image from. Asked at every rollout, so it answers from memory and checks its query by hand. */
export function mountResolve(app: ApiApp, services: Services): void {
  const { resolver } = services;
  const failures = [
    'validation_failed',
    'cluster_unknown',
    'image_unknown',
    'tag_unknown',
    'digest_unknown',
    'not_placed',
  ] as const;

  mountUncheckedOperation(
    app,
    {
      method: 'get',
      path: '/v1/resolve',
      operationId: 'resolve',
      tag: 'resolve',
      summary: 'Where a cluster pulls an image from',
      description:
        'Always by digest, and never a registry that does not hold it in full. With `Accept: text/plain` the reference alone. With `wait` it waits until the registry ' +
        'that is meant to serve it has it, then answers whatever is true.',
      query: resolveQuery,
      answers: {
        200: {
          description: 'The answer',
          content: {
            'application/json': { schema: resolveSchema },
            'text/plain': { schema: z.string().openapi({ description: 'The reference and a newline' }) },
          },
        },
      },
      failures: [...failures],
    },
    (c) => {
      const query = c.req.query();
      const { image, cluster } = query;
      if (image !== undefined && cluster !== undefined && isPlainQuery(c, query))
        return answer(c, resolver.resolve({ image, cluster }));
      return resolveChecked(c);
    },
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/resolve',
      operationId: 'resolveMany',
      tag: 'resolve',
      summary: 'Where a cluster pulls many images from',
      description:
        'Each item is an answer or, where there is none, the problem document that the image alone would have got.',
      body: resolveManySchema,
      answers: { 200: jsonAnswer('One item for each image, in the order asked', resolveManyAnswerSchema) },
      failures: ['validation_failed', 'cluster_unknown', 'body_too_large'],
    },
    (c, { body: { cluster, images } }) => {
      if (!services.world.clusters.some(({ name }) => name === cluster)) {
        throw new Failure('cluster_unknown', `There is no cluster "${cluster}"`);
      }
      return c.json({ items: images.map((image) => resolveOne(c, { image, cluster })) });
    },
  );

  async function resolveChecked(c: ApiContext): Promise<Response> {
    const { image, cluster, wait } = parseInput(resolveQuery, queryValues(c), 'query');
    if (wait === undefined) return answer(c, resolver.resolve({ image, cluster }));
    const { signal, release } = openRequestSignal(c);
    try {
      return answer(c, await resolver.resolveWaiting({ image, cluster }, wait, signal));
    } catch (error) {
      // The wait ended because the service stops: whatever is true now, as after any wait.
      if (signal.aborted) return answer(c, resolver.resolve({ image, cluster }));
      throw error;
    } finally {
      release();
    }
  }

  function resolveOne(c: ApiContext, request: ResolveRequest): Resolve | Problem {
    try {
      return presentResolution(resolver.resolve(request));
    } catch (error) {
      const requestId = c.get('requestId');
      if (!isFailure(error)) services.log.error({ event: 'resolve_failed', requestId, image: request.image, error });
      return toProblem(error, { instance: '/v1/resolve', requestId });
    }
  }
}

/** Is there nothing in the query but one image and one cluster of sensible length? Anything else goes by the schema. */
function isPlainQuery(c: ApiContext, query: Record<string, string>): boolean {
  const { image = '', cluster = '' } = query;
  if (image === '' || image.length > 1_024 || cluster === '' || cluster.length > 128) return false;
  const { url } = c.req;
  const first = url.indexOf('&');
  return first > 0 && url.indexOf('&', first + 1) < 0;
}

/**
 * Written straight to the socket where there is one: this is the answer that is asked for most, and building a
 * Response and its headers costs more than all the rest of it.
 */
function answer(c: ApiContext, resolution: Resolution): Response {
  const isText = prefersText(c.req.header('accept'));
  const body = isText ? `${resolution.reference}\n` : JSON.stringify(presentResolution(resolution));
  const headers = isText ? TEXT_HEADERS : JSON_HEADERS;
  const outgoing = c.env?.outgoing;
  if (outgoing === undefined || c.req.method !== 'GET') return new Response(body, { headers });
  outgoing.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  return RESPONSE_ALREADY_SENT;
}
