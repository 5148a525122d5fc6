import { z } from '@hono/zod-openapi';
import { bytesSchema, digestSchema, instantSchema } from './text-schema.ts';

const count = z.number().openapi({ type: 'integer' });

export const transferErrorSchema = z
  .object({
    code: z.string().openapi({ description: 'What happened', example: 'connection_lost' }),
    detail: z.string(),
    side: z.enum(['source', 'target', 'here']).openapi({ description: 'Which side failed' }),
    step: z.string().openapi({ example: 'blob upload' }),
    at: instantSchema,
  })
  .openapi('TransferError');

export const transferSchema = z
  .object({
    registry: z.string().openapi({ example: 'singapore' }),
    role: z.enum(['home', 'relay']),
    state: z.enum(['queued', 'running', 'verifying', 'waiting', 'placed', 'failed', 'cancelled']),
    digest: digestSchema.nullable().openapi({ description: 'The digest at this registry; null until it is planned' }),
    blobsTotal: count,
    blobsDone: count,
    bytesTotal: bytesSchema,
    bytesSent: bytesSchema.openapi({ description: 'Written towards the registry, bytes sent again included' }),
    bytesSavedPresent: bytesSchema.openapi({ description: 'Not sent because the registry had them' }),
    bytesSavedMounted: bytesSchema.openapi({
      description: 'Not sent because the registry mounted them from another repository',
    }),
    bytesResent: bytesSchema.openapi({ description: 'Of the bytes sent, those that had been sent before' }),
    blobsRestarted: count.openapi({
      description: 'Blobs that began again because the registry forgot how far they had come',
    }),
    rate: z.number().nullable().openapi({ description: 'Bytes per second lately; null while nothing moves' }),
    expectedAt: instantSchema.nullable().openapi({ description: 'When it is expected to be placed' }),
    attempts: count,
    nextAttemptAt: instantSchema.nullable(),
    placedAt: instantSchema.nullable(),
    lagMs: count.nullable().openapi({
      description:
        'Milliseconds from the acceptance of the push (for a `docker push`: its last manifest) to `placedAt`; null until then, and where it was placed before',
    }),
    error: transferErrorSchema.nullable().openapi({ description: 'The last error' }),
  })
  .openapi('Transfer');

export type Transfer = z.infer<typeof transferSchema>;

/** The data of an event `transfer` or `progress`. */
export const transferEventSchema = transferSchema.extend({ push: z.string() }).openapi('TransferEvent');

export type TransferEvent = z.infer<typeof transferEventSchema>;

export const pushStateSchema = z.enum(['running', 'placed', 'partial', 'failed', 'cancelled']);

export const pushSchema = z
  .object({
    id: z.string().openapi({ example: 'push_01k9x2m4aq000f7d2k9w3zt' }),
    image: z.string().openapi({ example: 'team/app:1.2.3' }),
    name: z.string().openapi({ example: 'team/app' }),
    tag: z.string().openapi({ example: '1.2.3' }),
    digest: digestSchema.nullable().openapi({ description: "The source's digest; null until the source has said it" }),
    source: z.object({ kind: z.enum(['registry', 'archive', 'door']), reference: z.string().nullable() }),
    state: pushStateSchema.openapi({
      description:
        '`running` until every transfer is final; then `placed` (all), `partial` (some), `failed` (none) or `cancelled`',
    }),
    unchanged: z.boolean().openapi({ description: 'It was placed everywhere already' }),
    createdAt: instantSchema,
    finishedAt: instantSchema.nullable(),
    deadlineAt: instantSchema,
    bytesTotal: bytesSchema.nullable(),
    bytesLanded: bytesSchema,
    labels: z.record(z.string(), z.string()),
    priority: z.enum(['urgent', 'normal', 'backfill']),
    platforms: z.array(z.string()).openapi({ description: 'Platforms to carry; empty means all' }),
    referrers: z.boolean(),
    purpose: z.enum(['release', 'backfill', 'repair']),
    transfers: z.array(transferSchema),
    links: z.object({ self: z.string(), events: z.string() }),
  })
  .openapi('Push');

export type Push = z.infer<typeof pushSchema>;
export type PushState = Push['state'];

export const pushParams = z.strictObject({ id: z.string().openapi({ example: 'push_01k9x2m4aq000f7d2k9w3zt' }) });
