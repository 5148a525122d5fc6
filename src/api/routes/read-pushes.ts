import { z } from '@hono/zod-openapi';
import { Failure } from '../../kernel/failure.ts';
import { parseImageReference } from '../../oci/reference.ts';
import type { LivePush } from '../../sync/push/pushes.ts';
import type { ApiServices } from '../api-services.ts';
import { visibleImages } from '../caller.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentPush } from '../present/present-push.ts';
import { subjectOfPush } from '../push-subject.ts';
import { pushUnknown } from '../push-unknown.ts';
import { type ApiApp, type ApiContext, openRequestSignal } from '../request-context.ts';
import { pageOf, pageQuery, waitQuery } from '../schema/page-schema.ts';
import { pushParams, pushSchema, pushStateSchema } from '../schema/push-schema.ts';
import { textOf } from '../schema/text-schema.ts';

/** Listing pushes, reading one, waiting for one. */
export function mountReadPushes(app: ApiApp, { pushes }: ApiServices): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/pushes',
      operationId: 'listPushes',
      permission: 'push.read',
      tag: 'pushes',
      summary: 'List pushes, newest first',
      query: z.strictObject({
        ...pageQuery,
        image: textOf(parsePushImage)
          .optional()
          .openapi({ description: 'An image, or one release of it', example: 'team/app:1.2.3' }),
        state: pushStateSchema.optional(),
        registry: z
          .string()
          .min(1)
          .max(128)
          .optional()
          .openapi({ description: 'Pushes with a transfer to this registry' }),
      }),
      answers: { 200: jsonAnswer('A page of pushes', pageOf(pushSchema, 'PushPage')) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor, image, state, registry } }, caller) => {
      const patterns = visibleImages(caller, 'push.read');
      const filter = {
        ...(patterns === undefined ? {} : { patterns }),
        ...(image === undefined ? {} : { image }),
        ...(state === undefined ? {} : { state }),
        ...(registry === undefined ? {} : { registry }),
      };
      const page = await pushes.list(filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return c.json({ items: page.items.map(presentPush), next: page.next });
    },
    ({ query: { image } }) =>
      image === undefined ? { isFiltered: true } : { images: [parseImageReference(image).name] },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/pushes/{id}',
      operationId: 'getPush',
      permission: 'push.read',
      tag: 'pushes',
      summary: 'Read a push, or wait until it is final',
      description:
        'With `wait` the answer comes when the push is final, at the latest after that time; 200 either way.',
      params: pushParams,
      query: z.strictObject(waitQuery),
      answers: { 200: jsonAnswer('The push', pushSchema) },
      failures: ['validation_failed', 'push_unknown'],
    },
    async (c, { params: { id }, query: { wait } }) => {
      const live = wait === undefined ? await pushes.find(id) : await waitUntilFinal(c, id, wait);
      if (live === undefined) throw pushUnknown(id);
      return c.json(presentPush(live));
    },
    ({ params: { id } }) => subjectOfPush(pushes, id),
  );

  async function waitUntilFinal(c: ApiContext, id: string, timeoutMs: number): Promise<LivePush | undefined> {
    const { signal, release } = openRequestSignal(c);
    try {
      return await pushes.waitUntilFinal(id, timeoutMs, signal);
    } catch (error) {
      // The wait ended because the service stops: the push as it is, as after any wait.
      if (signal.aborted) return await pushes.find(id);
      throw error;
    } finally {
      release();
    }
  }
}

function parsePushImage(text: string): void {
  if (parseImageReference(text).digest !== null)
    throw new Failure('validation_failed', 'must be an image or an image with a tag, without a digest');
}
