import { z } from '@hono/zod-openapi';
import { findRefusal } from '../../access/allowance.ts';
import type { Principal } from '../../access/principal.ts';
import type { Resolution, ResolveRequest } from '../../choice/resolution.ts';
import { Failure, isFailure } from '../../kernel/failure.ts';
import { parseImageReference } from '../../oci/reference.ts';
import type { ApiServices } from '../api-services.ts';
import { requireAllowed } from '../caller.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentResolution, writeResolution } from '../present/present-resolution.ts';
import { toProblem } from '../problem.ts';
import { type ApiApp, type ApiContext, openRequestSignal } from '../request-context.ts';
import { waitQuery } from '../schema/page-schema.ts';
import type { Problem } from '../schema/problem-schema.ts';
import {
  askingCluster,
  type Resolve,
  resolveManyAnswerSchema,
  resolveManySchema,
  resolveSchema,
} from '../schema/resolve-schema.ts';

type Services = Pick<ApiServices, 'resolver' | 'log'> & {
  readonly world: { readonly clusters: readonly { readonly name: string }[] };
};

const resolveQuery = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(1_024)
    .openapi({ description: '`name:tag`, or `name@sha256:…` for a release by its digest', example: 'team/app:1.2.3' }),
  ...askingCluster,
  ...waitQuery,
});

/** Where a cluster pulls an image from. Most questions never come here: see `resolve-shortcut.ts`. */
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

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/resolve',
      operationId: 'resolve',
      permission: 'resolve',
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
    (c, { query }, caller) => resolveOrWait(c, { ...query, cluster: clusterOf(query, caller) }),
    ({ query }, caller) => ({
      cluster: clusterOf(query, caller),
      images: [parseImageReference(query.image).name],
    }),
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/resolve',
      operationId: 'resolveMany',
      permission: 'resolve',
      audit: 'none',
      tag: 'resolve',
      summary: 'Where a cluster pulls many images from',
      description:
        'Each item is an answer or, where there is none, the problem document that the image alone would have got.',
      body: resolveManySchema,
      answers: { 200: jsonAnswer('One item for each image, in the order asked', resolveManyAnswerSchema) },
      failures: ['validation_failed', 'cluster_unknown', 'body_too_large'],
    },
    (c, { body: { images, ...body } }, caller) => {
      const cluster = clusterOf(body, caller);
      if (!services.world.clusters.some(({ name }) => name === cluster)) {
        throw new Failure('cluster_unknown', `There is no cluster "${cluster}"`);
      }
      return c.json({ items: images.map((image) => resolveOne(c, { image, cluster }, caller)) });
    },
    ({ body }, caller) => {
      const cluster = clusterOf(body, caller);
      const names = namesOf(body.images);
      const own = names.filter((name) => findRefusal(caller, 'resolve', { cluster, images: [name] }) === undefined);
      // An image of somebody else's is refused in its item; a question about nothing else is refused whole.
      const asked = own.length > 0 ? own : names;
      return asked.length === 0 ? { cluster } : { cluster, images: asked };
    },
  );

  async function resolveOrWait(
    c: ApiContext,
    { image, cluster, wait }: z.output<typeof resolveQuery> & { readonly cluster: string },
  ): Promise<Response> {
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

  function resolveOne(c: ApiContext, request: ResolveRequest, caller: Principal): Resolve | Problem {
    try {
      requireAllowed(caller, 'resolve', {
        cluster: request.cluster,
        images: [parseImageReference(request.image).name],
      });
      return presentResolution(resolver.resolve(request));
    } catch (error) {
      const requestId = c.get('requestId');
      if (!isFailure(error)) services.log.error({ event: 'resolve_failed', requestId, image: request.image, error });
      return toProblem(error, { instance: '/v1/resolve', requestId });
    }
  }
}

/** The cluster that is named, else the one that the token is for. */
function clusterOf({ cluster }: { readonly cluster?: string | undefined }, caller: Principal): string {
  const meant = cluster ?? caller.cluster;
  if (meant !== undefined) return meant;
  const detail = 'must say which cluster asks; only the token of a cluster says it by itself';
  throw new Failure('validation_failed', `cluster ${detail}`, { errors: [{ path: 'cluster', detail }] });
}

/** The images that the references name. What is no reference names none: its item of the answer says so. */
function namesOf(references: readonly string[]): string[] {
  return references.flatMap((reference) => {
    try {
      return [parseImageReference(reference).name];
    } catch {
      return [];
    }
  });
}

function answer(c: ApiContext, resolution: Resolution): Response {
  const { body, type } = writeResolution(resolution, c.req.header('accept'));
  return new Response(body, { headers: { 'content-type': type, vary: 'Accept' } });
}
