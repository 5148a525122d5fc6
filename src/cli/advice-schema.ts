import { z } from 'zod';
import { number, text } from './answer-fields.ts';

// As in api-schema.ts: only what the tables cannot do without is demanded.
const texts = z.array(z.string()).default([]);
const share = z.looseObject({ share: z.number() });

export const recommendationSchema = z.looseObject({
  site: z.string(),
  at: text,
  state: z.string(),
  registry: text,
  confidence: z.string(),
  referenceBytes: z.number(),
  reasons: texts,
  missing: texts,
  ranked: z.array(
    z.looseObject({
      registry: z.string(),
      verdict: z.string(),
      samples: z.number(),
      busyRounds: z.number().default(0),
      success: share,
      figures: z
        .looseObject({ p50: z.number(), p95: z.number(), stabilityIndex: z.number() })
        .nullish()
        .transform((value) => value ?? null),
    }),
  ),
});

const quantiles = z
  .looseObject({ p10: z.number(), p25: z.number(), p50: z.number(), p75: z.number(), p95: z.number() })
  .nullish()
  .transform((value) => value ?? null);

const flowRun = z
  .looseObject({ rate: number })
  .nullish()
  .transform((value) => value ?? null);

export const reportSchema = z.looseObject({
  from: text,
  until: text,
  timeZone: z.string(),
  referenceBytes: z.number(),
  payloadBytes: number,
  sizes: z.array(z.looseObject({ payloadBytes: z.number() })).default([]),
  samples: z.number(),
  series: z.array(
    z.looseObject({
      registry: z.string(),
      leg: z.string(),
      samples: z.number(),
      failed: share,
      stalled: share,
      seconds: quantiles,
      rate: quantiles,
      jitterMs: quantiles,
      flows: z
        .looseObject({ verdict: z.string(), ratio: number, sentence: z.string(), one: flowRun, eight: flowRun })
        .nullish()
        .transform((value) => value ?? null),
      overTime: z.array(z.looseObject({ rate: quantiles })),
      byHour: z.array(z.looseObject({ hour: z.number(), p90: number })),
    }),
  ),
  recommendation: recommendationSchema.nullish().transform((value) => value ?? null),
  sending: z
    .looseObject({ sentence: z.string() })
    .nullish()
    .transform((value) => value ?? null),
});

export type RecommendationAnswer = z.output<typeof recommendationSchema>;
export type ReportAnswer = z.output<typeof reportSchema>;
