import { z } from '@hono/zod-openapi';
import type { ApiServices } from '../api-services.ts';
import { mountOperation } from '../operation.ts';
import { pushEvents } from '../push-events.ts';
import { subjectOfPush } from '../push-subject.ts';
import { pushUnknown } from '../push-unknown.ts';
import { type ApiApp, openRequestSignal } from '../request-context.ts';
import { pushParams } from '../schema/push-schema.ts';
import { textStream } from '../text-stream.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that buffer answers would hold the events back; nginx and those that copy it heed this.
  'x-accel-buffering': 'no',
};

/** A push's events as they happen. */
export function mountPushEvents(app: ApiApp, services: ApiServices): void {
  const { pushes, log } = services;
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/pushes/{id}/events',
      operationId: 'watchPush',
      permission: 'push.read',
      tag: 'pushes',
      summary: 'Watch a push',
      description:
        'Server-sent events. The push as it is comes first (`event: push`, a Push), then what changes: `push`, `transfer` and `progress` ' +
        '(both a TransferEvent, `progress` at most 4 times a second for each leg), at last `event: end` once the push is final. Every event carries the present ' +
        'state, so `Last-Event-ID` resumes by giving the present push under the next number. A comment comes every 15 seconds when nothing else does.',
      params: pushParams,
      headers: z.object({
        'Last-Event-ID': z.string().optional().openapi({ description: 'The last event that was seen' }),
      }),
      answers: {
        200: {
          description: 'The events',
          content: {
            'text/event-stream': { schema: z.string().openapi({ example: 'id: 1\nevent: push\ndata: {…}\n\n' }) },
          },
        },
      },
      failures: ['push_unknown'],
    },
    async (c, { params: { id } }) => {
      if ((await pushes.find(id)) === undefined) throw pushUnknown(id);
      if (c.req.raw.method === 'HEAD') return c.newResponse(null, { headers: HEADERS });
      const request = openRequestSignal(c);
      const ended = new AbortController();
      const end = () => ended.abort();
      request.signal.addEventListener('abort', end, { once: true });
      const requestId = c.get('requestId');
      const stream = textStream(pushEvents(services, id, c.req.header('last-event-id'), ended.signal), (error) => {
        end();
        request.release();
        if (error !== undefined) log.error({ event: 'event_stream_failed', requestId, push: id, error });
      });
      return c.newResponse(stream, { headers: HEADERS });
    },
    ({ params: { id } }) => subjectOfPush(pushes, id),
  );
}
