import { z } from '@hono/zod-openapi';
import { Failure } from '../../kernel/failure.ts';
import { parseRelease } from '../../oci/reference.ts';
import type { LivePush } from '../../sync/push/pushes.ts';
import type { ApiServices } from '../api-services.ts';
import { findIdempotencyKey } from '../idempotency.ts';
import { newPushOf } from '../new-push.ts';
import { type Admission, jsonAnswer, mountUncheckedOperation } from '../operation.ts';
import { parseInput, queryValues } from '../parse-input.ts';
import { presentPush } from '../present/present-push.ts';
import { checkContentLength, findContentType, readJson, requestBody } from '../read-body.ts';
import { type ApiApp, type ApiContext, openRequestSignal } from '../request-context.ts';
import { archiveQuerySchema, newPushSchema } from '../schema/new-push-schema.ts';
import { pushSchema } from '../schema/push-schema.ts';

const ARCHIVE = 'application/x-tar';

/** `POST /v1/pushes`, from a source registry or from an archive in the body. */
export function mountCreatePush(app: ApiApp, { pushes, clock, world }: ApiServices): void {
  mountUncheckedOperation(
    app,
    {
      method: 'post',
      path: '/v1/pushes',
      operationId: 'createPush',
      permission: 'push.create',
      audit: 'push.create',
      tag: 'pushes',
      summary: 'Distribute a release',
      description:
        'From a configured source as JSON, or as a `docker save` or OCI-layout archive (`application/x-tar`) with the options in the query. ' +
        'Once it is answered nothing of it is lost. The query is for archives alone.',
      headers: z.object({
        'Idempotency-Key': z
          .string()
          .min(1)
          .max(255)
          .optional()
          .openapi({ description: 'The same key and request within 24 hours give the first answer' }),
      }),
      query: archiveQuerySchema.partial(),
      otherBodies: {
        'application/json': { schema: newPushSchema },
        [ARCHIVE]: { schema: z.string().openapi({ type: 'string', format: 'binary' }) },
      },
      answers: { 202: jsonAnswer('Accepted; `Location` names it', pushSchema) },
      failures: [
        'validation_failed',
        'registry_unknown',
        'idempotency_conflict',
        'body_too_large',
        'source_unknown',
        'source_denied',
        'source_not_found',
        'archive_invalid',
        'source_unreachable',
        'not_ready',
        'depot_full',
      ],
    },
    async (c, admission) => {
      const accepted = await accept(c, admission);
      c.header('Location', `/v1/pushes/${accepted.push.id}`);
      return c.json(presentPush(accepted), 202);
    },
  );

  function accept(c: ApiContext, admission: Admission): Promise<LivePush> {
    const type = findContentType(c);
    if (type === ARCHIVE) return acceptArchive(c, admission);
    if (type === 'application/json') return acceptSource(c, admission);
    const detail = `must be application/json or ${ARCHIVE}`;
    throw new Failure('validation_failed', `The body of a push ${detail}`, {
      errors: [{ path: 'Content-Type', detail }],
    });
  }

  async function acceptSource(c: ApiContext, admission: Admission): Promise<LivePush> {
    parseInput(z.strictObject({}), queryValues(c), 'query');
    const body = parseInput(newPushSchema, await readJson(c), 'body');
    admission.require({ images: [parseRelease(body.image).name] }, body);
    const nowMs = clock.nowMs();
    const idempotency = findIdempotencyKey(c, body, nowMs);
    const request = { ...newPushOf(body, nowMs, idempotency), requestId: c.get('requestId') };
    return pushes.accept({ ...request, source: body.source });
  }

  async function acceptArchive(c: ApiContext, admission: Admission): Promise<LivePush> {
    const query = parseInput(archiveQuerySchema, queryValues(c), 'query');
    admission.require({ images: [parseRelease(query.image).name] }, query);
    checkContentLength(c, world.limits.archiveBytes);
    const nowMs = clock.nowMs();
    const idempotency = findIdempotencyKey(c, query, nowMs);
    const { signal, release } = openRequestSignal(c, { endsOnClosing: false });
    try {
      const request = { ...newPushOf(query, nowMs, idempotency), requestId: c.get('requestId') };
      return await pushes.acceptArchive(request, requestBody(c), signal);
    } finally {
      release();
    }
  }
}
