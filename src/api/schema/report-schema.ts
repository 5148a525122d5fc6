import { z } from '@hono/zod-openapi';
import { REPORT_FORMATS } from '../../bench/advice.ts';
import { parseByteSize } from '../../kernel/byte-size.ts';
import { parseDuration } from '../../kernel/duration.ts';
import { recommendationSchema } from './recommendation-schema.ts';
import { instantSchema, textOf } from './text-schema.ts';

const quantilesSchema = z
  .object({
    p5: z.number(),
    p10: z.number(),
    p25: z.number(),
    p50: z.number(),
    p75: z.number(),
    p90: z.number(),
    p95: z.number(),
  })
  .openapi('Quantiles');

const shareSchema = z.object({ share: z.number(), low: z.number(), high: z.number() });

const flowRunSchema = z
  .object({
    flows: z.number().int(),
    rate: z.number().nullable().openapi({ description: 'Bytes per second of all of them once under way' }),
    seconds: z.number(),
    bytes: z.number(),
    congestionControl: z.string().nullable(),
    retransmittedBytes: z.number().nullable().openapi({ description: 'Null where the system does not tell' }),
  })
  .openapi('FlowRun');

const seriesSchema = z
  .object({
    registry: z.string(),
    leg: z.enum(['upload', 'download']),
    samples: z.number(),
    failed: shareSchema,
    stalled: shareSchema,
    suspect: z.number(),
    seconds: quantilesSchema.nullable().openapi({ description: 'For the reference image; failures at the deadline' }),
    rate: quantilesSchema.nullable().openapi({ description: 'Bytes per second' }),
    idleMs: quantilesSchema.nullable(),
    loadedMs: quantilesSchema.nullable(),
    jitterMs: quantilesSchema.nullable(),
    flows: z
      .object({
        verdict: z.enum(['capped', 'loss', 'per_connection', 'unknown']),
        ratio: z.number().nullable().openapi({ description: 'Goodput of eight connections over that of one' }),
        sentence: z.string(),
        at: instantSchema.nullable(),
        one: flowRunSchema.nullable(),
        eight: flowRunSchema.nullable(),
      })
      .openapi({ description: 'One connection against eight, with cubic: is the path held up by loss, or capped?' }),
    overTime: z.array(
      z.object({
        at: instantSchema,
        samples: z.number(),
        failedShare: z.number(),
        rate: quantilesSchema.nullable(),
        idleMs: z.number().nullable(),
        loadedMs: z.number().nullable(),
      }),
    ),
    byHour: z.array(
      z.object({ hour: z.number(), samples: z.number(), failedShare: z.number(), p90: z.number().nullable() }),
    ),
    distribution: z.array(z.number()).openapi({ description: 'Seconds at the shares 0, 0.02 … 1' }),
  })
  .openapi('ReportSeries');

export const reportSchema = z
  .object({
    benchmark: z.string().nullable(),
    from: instantSchema.nullable(),
    until: instantSchema.nullable(),
    timeZone: z.string(),
    referenceBytes: z.number(),
    payloadBytes: z.number().nullable(),
    sizes: z.array(z.object({ payloadBytes: z.number(), samples: z.number() })),
    samples: z.number(),
    stepMs: z.number(),
    series: z.array(seriesSchema),
    recommendation: recommendationSchema.nullable(),
    sending: z
      .object({
        congestionControl: z.record(z.string(), z.array(z.string())).openapi({
          description: 'What the uploads to each registry were sent with',
          example: { singapore: ['bbr'] },
        }),
        sentence: z.string(),
      })
      .nullable()
      .openapi({
        description:
          'How uploads were sent, and why tests with other tools may find something else; null where the system does not tell',
      }),
  })
  .openapi('Report');

export type ReportAnswer = z.infer<typeof reportSchema>;

export const reportParams = z.object({
  id: z.string().min(1).max(128).openapi({ description: 'A benchmark, or `all` for whatever was measured lately' }),
});

/** What is reported is kept by the hour. */
const LEAST_WINDOW_MS = 3_600_000;

export const reportQuery = z.strictObject({
  site: z.string().min(1).max(63).optional().openapi({ description: 'Whose clusters pull', example: 'us-east' }),
  format: z.enum(REPORT_FORMATS).optional().openapi({ description: 'Else what `Accept` asks for, else JSON' }),
  payload: textOf(parseByteSize)
    .transform((size) => parseByteSize(size))
    .optional()
    .openapi({ type: 'string', description: 'Of the sizes that were measured, the one to report', example: '16MB' }),
  window: textOf(parseDuration)
    .transform((window) => parseDuration(window))
    .refine((windowMs) => windowMs >= LEAST_WINDOW_MS, 'must be an hour at least, such as 30d')
    .optional()
    .openapi({ type: 'string', description: 'How far back', example: '30d' }),
});
