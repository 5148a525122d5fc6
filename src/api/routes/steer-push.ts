import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentPush } from '../present/present-push.ts';
import { subjectOfPush } from '../push-subject.ts';
import type { ApiApp } from '../request-context.ts';
import { pushParams, pushSchema } from '../schema/push-schema.ts';

/** Cancelling a push and trying it again. */
export function mountSteerPush(app: ApiApp, { pushes }: ApiServices): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/pushes/{id}/cancel',
      operationId: 'cancelPush',
      permission: 'push.steer',
      audit: 'push.cancel',
      tag: 'pushes',
      summary: 'Cancel what is not placed yet',
      params: pushParams,
      answers: { 200: jsonAnswer('The push', pushSchema) },
      failures: ['push_unknown', 'already_finished'],
    },
    async (c, { params: { id } }) => c.json(presentPush(await pushes.cancel(id))),
    ({ params: { id } }) => subjectOfPush(pushes, id),
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/pushes/{id}/retry',
      operationId: 'retryPush',
      permission: 'push.steer',
      audit: 'push.retry',
      tag: 'pushes',
      summary: 'Try the transfers again that failed or were cancelled',
      params: pushParams,
      answers: { 200: jsonAnswer('The push', pushSchema) },
      failures: ['push_unknown', 'already_finished'],
    },
    async (c, { params: { id } }) => c.json(presentPush(await pushes.retry(id))),
    ({ params: { id } }) => subjectOfPush(pushes, id),
  );
}
