import { z } from '@hono/zod-openapi';
import { parseByteSize } from '../../kernel/byte-size.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { patternParams } from './image-params-schema.ts';
import { instantSchema, textOf } from './text-schema.ts';

const shareSchema = z
  .object({ share: z.number(), low: z.number(), high: z.number() })
  .openapi('Share', { description: 'A share of rounds, with its 95 % interval (Wilson)' });

const shortfallSchema = z.object({
  what: z.enum(['samples', 'days', 'hoursOfDay', 'newest']),
  have: z.number().nullable(),
  need: z.number(),
});

const figuresSchema = z
  .object({
    p5: z.number(),
    p10: z.number(),
    p50: z.number(),
    p90: z.number(),
    p95: z.number(),
    medianInterval: z.object({ low: z.number(), high: z.number() }).nullable(),
    stabilityIndex: z.number().openapi({ description: 'p95 / p50' }),
    chanceOfStability: z.number().nullable(),
    chanceOfWinning: z.number().nullable(),
    mad: z.number(),
    coefficientOfVariation: z.number().nullable(),
    quartileDispersion: z.number(),
    worstHour: z.object({ hour: z.number(), p50: z.number(), ratio: z.number() }).nullable(),
    stalled: shareSchema,
    jitterMs: z.number().nullable(),
    legs: z.object({ upload: z.number().nullable(), download: z.number().nullable() }),
    setAside: z.number(),
    costPerGb: z.number().nullable(),
    against: z
      .object({ ratio: z.number().nullable(), firstIsFaster: z.number(), pairs: z.number(), p: z.number() })
      .nullable()
      .openapi({
        description: 'Compared with the recommended registry, paired by round where there are rounds in common',
      }),
  })
  .openapi('RegistryFigures', { description: 'Seconds for the reference image on the whole path' });

export const rankedRegistrySchema = z
  .object({
    rank: z.number().openapi({ type: 'integer', example: 1 }),
    registry: z.string().openapi({ example: 'singapore' }),
    verdict: z.enum(['recommended', 'best', 'steady', 'unsteady', 'few', 'failures', 'ejected', 'unmeasured']),
    samples: z.number().openapi({ type: 'integer', description: 'Rounds that count as measured well' }),
    days: z.number().openapi({ type: 'integer' }),
    hoursOfDay: z.number().openapi({ type: 'integer' }),
    newestAt: instantSchema.nullable(),
    busyRounds: z.number().openapi({
      type: 'integer',
      description: 'Rounds beside these, left out because a machine that measured was busy',
    }),
    missing: z.array(shortfallSchema),
    success: shareSchema,
    ejectedUntil: instantSchema.nullable(),
    figures: figuresSchema.nullable(),
  })
  .openapi('RankedRegistry');

export const recommendationSchema = z
  .object({
    site: z.string().openapi({ example: 'us-east' }),
    image: z.string().nullable(),
    at: instantSchema,
    state: z.enum(['none', 'provisional', 'recommended']),
    registry: z.string().nullable().openapi({ example: 'singapore' }),
    confidence: z.enum(['high', 'medium', 'low']),
    best: z.string().nullable().openapi({ description: "By today's figures, also while another stays in force" }),
    incumbent: z.object({ registry: z.string(), since: instantSchema.nullable() }).nullable(),
    because: z.string().openapi({ example: 'incumbent-wins' }),
    stableButSlow: z.boolean(),
    referenceBytes: z.number().openapi({ type: 'integer' }),
    payloadBytes: z.number().nullable(),
    legs: z.array(z.enum(['upload', 'download'])),
    reasons: z.array(z.string()),
    missing: z.array(z.string()).openapi({ description: 'What a real decision still needs' }),
    ranked: z.array(rankedRegistrySchema),
    campaigns: z.array(z.string()),
    seed: z.number().openapi({ type: 'integer' }),
    resamples: z.number().openapi({ type: 'integer' }),
    rule: z.record(z.string(), z.unknown()).openapi({ description: 'The settings it was reckoned with' }),
  })
  .openapi('Recommendation');

export type RecommendationAnswer = z.infer<typeof recommendationSchema>;

export const recommendationQuery = z.strictObject({
  site: z.string().min(1).max(63).optional().openapi({
    description: 'Whose clusters pull; may be left out where only one site pulls by choice',
    example: 'us-east',
  }),
  image: textOf(parseRepositoryName)
    .transform((name) => parseRepositoryName(name))
    .optional()
    .openapi({ type: 'string', description: 'For this image: its size, and the choice in force for it' }),
  pattern: patternParams.shape.pattern.optional().openapi({
    type: 'string',
    description: 'For the images of this pattern: the choice in force for it',
    example: 'team/*',
  }),
  size: textOf(parseByteSize)
    .transform((size) => parseByteSize(size))
    .refine((bytes) => bytes > 0, 'must be more than nothing, such as 150MB')
    .optional()
    .openapi({ type: 'string', description: 'For images of this size', example: '150MB' }),
});
