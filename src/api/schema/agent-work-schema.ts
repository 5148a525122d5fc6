import { z } from '@hono/zod-openapi';
import { INTERVAL_MS } from '../../bench/probes/interval-meter.ts';
import { STAND_INS } from '../../bench/sample.ts';
import { FAILURE_CODES, type FailureCode } from '../../kernel/failure-codes.ts';
import { waitQuery } from './page-schema.ts';
import { bytesSchema, digestSchema, instantSchema } from './text-schema.ts';

/** As many samples are taken at once; an agent that has more reports again. */
export const MAX_SAMPLES = 100;
/** Six hours of intervals. */
const MAX_INTERVALS = (6 * 3_600_000) / INTERVAL_MS;

const siteSchema = z.string().min(1).max(128).optional().openapi({ description: 'By default the site of the token' });

export const agentParams = z.strictObject({ name: z.string().min(1).max(128) });

export const workRequestSchema = z
  .strictObject({
    site: siteSchema,
    wait: waitQuery.wait,
    take: z.boolean().default(true).openapi({ description: 'False only compares clocks' }),
    clockOffsetMs: z
      .number()
      .min(-1e13)
      .max(1e13)
      .optional()
      .openapi({ description: "How far the agent's clock is behind the service's, as the agent has measured it" }),
  })
  .openapi('WorkRequest');

export const workAnswerSchema = z
  .object({
    work: z
      .object({
        id: z.string().openapi({ description: 'The id of the sample' }),
        leg: z.literal('download'),
        registry: z.string(),
        repository: z.string(),
        digest: digestSchema,
        payloadBytes: bytesSchema,
        idleMs: z.number().nullable().openapi({ description: 'How long round trips are probed first' }),
        patienceMs: z.number().openapi({ description: 'What has not ended by then has failed' }),
      })
      .nullable()
      .openapi({ description: 'Null where there is none now' }),
    receivedAt: instantSchema.openapi({ description: 'When the request came, by the clock of the service' }),
    answeredAt: instantSchema.openapi({ description: 'When it was answered, by the same' }),
  })
  .openapi('WorkAnswer');

const duration = z.number().min(0).max(86_400_000);
const milliseconds = duration.nullable();
const count = z.number().int().min(0).max(1_000_000);

const roundTripsReport = z
  .strictObject({
    sent: count,
    lost: count,
    min: duration,
    p50: duration,
    p95: duration,
    max: duration,
    jitterRfc3550: duration,
    meanDifference: duration,
    variationP95: duration,
  })
  .nullable();

const isCode = (code: string): code is FailureCode => Object.hasOwn(FAILURE_CODES, code);

/** What an agent saw of one download; the service reckons the figures from it. */
export const sampleReportSchema = z
  .strictObject({
    id: z.string().min(1).max(500),
    at: z.iso
      .datetime()
      .openapi({ description: 'When it was begun, by the clock of the service' })
      .transform((text) => Date.parse(text)),
    error: z
      .strictObject({
        code: z.string().refine((code) => isCode(code) && !STAND_INS.has(code), 'must be a code of a failure'),
        step: z.string().max(100).nullable(),
        detail: z.string().max(500),
      })
      .nullable(),
    setup: z.strictObject({
      dnsMs: milliseconds,
      connectMs: milliseconds,
      tlsMs: milliseconds,
      firstByteMs: milliseconds,
    }),
    bodySeconds: z.number().min(0).max(86_400).nullable(),
    intervalMs: z.literal(INTERVAL_MS),
    intervalBytes: z
      .array(
        z
          .number()
          .int()
          .min(0)
          .max(2 ** 40),
      )
      .max(MAX_INTERVALS),
    idle: roundTripsReport,
    loaded: roundTripsReport,
    connections: z.number().int().min(0).max(1_000),
    localLoad: z.number().min(0).max(1).nullable(),
  })
  .openapi('SampleReport');

export const samplesReportSchema = z
  .strictObject({
    site: siteSchema,
    samples: z
      .array(z.unknown())
      .min(1)
      .max(MAX_SAMPLES)
      .openapi({ description: 'Each a SampleReport; one that is not is refused by itself', items: { type: 'object' } }),
  })
  .openapi('SamplesReport');

export const samplesTakenSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string().nullable(),
        state: z.enum(['taken', 'known', 'refused']).openapi({ description: 'known: it was here already' }),
        reason: z.string().nullable().openapi({ description: 'Why it was refused' }),
      }),
    ),
  })
  .openapi('SamplesTaken', { description: 'In the order of the samples' });

export type WorkAnswer = z.infer<typeof workAnswerSchema>;
export type SamplesTaken = z.infer<typeof samplesTakenSchema>;
