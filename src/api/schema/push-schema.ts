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

const expectation = {
  basis: z.enum(['history', 'benchmark', 'flow', 'none']).openapi({
    description:
      '`history`: what legs to this registry took; `benchmark`: what samples took, where there are no such legs; `flow`: its own bytes, where there is neither; `none`: nothing is known yet',
  }),
  samples: count.openapi({ description: 'Legs or samples that it rests on' }),
  medianMs: count.nullable().openapi({ description: 'Half of them take at most so long' }),
  p90Ms: count.nullable().openapi({
    description: 'Nine of ten take at most so long; null where fewer than five were seen',
  }),
};

export const estimateSchema = z.object(expectation).openapi('Estimate');

export const predictionSchema = z
  .object({
    at: instantSchema,
    ...expectation,
    error: z.number().nullable().openapi({
      description:
        '`medianMs` beside the time that it then took, as a share of that: 0.5 foresaw half as much again, -0.5 half of it; null until it is placed',
    }),
  })
  .openapi('Prediction');

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
    expectedAt: instantSchema.nullable().openapi({
      description: 'When it is expected to be placed, by the median; null while that cannot be said',
    }),
    estimate: estimateSchema.nullable().openapi({
      description: 'The time from now until it is placed; null where it is final or waits for another attempt',
    }),
    prediction: predictionSchema.nullable().openapi({
      description: 'The estimate as it was when it was first known what had to move',
    }),
    congestionControl: z.string().nullable().openapi({
      description: "The kernel's congestion control on the connections that carried blobs; null where it is not known",
      example: 'bbr',
    }),
    connectionsReplaced: z.object({ stalled: count, slow: count }).openapi({
      description: 'Connections given up because nothing moved on them, and because others moved far more',
    }),
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
    requestId: z.string().nullable().openapi({
      description: 'The `X-Request-Id` of the call that asked for it, as the log has it; null where none did',
    }),
    transfers: z.array(transferSchema),
    links: z.object({ self: z.string(), events: z.string() }),
  })
  .openapi('Push');

export type Push = z.infer<typeof pushSchema>;
export type PushState = Push['state'];

export const pushParams = z.strictObject({ id: z.string().openapi({ example: 'push_01k9x2m4aq000f7d2k9w3zt' }) });
