import { z } from '@hono/zod-openapi';
import { pageOf } from './page-schema.ts';
import { instantSchema } from './text-schema.ts';

const MAX_EVIDENCE = 65_536;

export const backfillSchema = z
  .object({
    total: z.number().openapi({ type: 'integer' }),
    placed: z.number().openapi({ type: 'integer' }),
    failed: z.number().openapi({ type: 'integer' }),
  })
  .openapi('Backfill');

const choiceFields = {
  image: z.string().optional().openapi({ description: 'The image that was asked for', example: 'team/app' }),
  pattern: z.string().optional().openapi({ description: 'The pattern that decided, where one did', example: 'team/*' }),
  registry: z.string().openapi({ example: 'singapore' }),
  revision: z.number().openapi({
    type: 'integer',
    description: 'Counts from 1 for each image and pattern; 0 is the configuration',
    example: 3,
  }),
  source: z.enum(['image', 'pattern', 'configuration']),
  who: z.string().openapi({ example: 'mei' }),
  at: instantSchema.nullable().openapi({ description: 'Null for a choice of the configuration' }),
  reason: z.string().nullable(),
  evidence: z.unknown().openapi({ description: 'What the decision was based on, as it was given; null for nothing' }),
  previous: z.string().nullable().openapi({ description: 'The registry that was in force before' }),
  backfill: backfillSchema
    .nullable()
    .openapi({ description: 'How far the releases it carries over have come; null when it started none' }),
};

export const choiceSchema = z.object(choiceFields).openapi('Choice');

export type Choice = z.infer<typeof choiceSchema>;

/** A revision in the history. Not made from `Choice` by extension: OpenAPI would then say that both shapes hold at once. */
export const choiceRevisionSchema = z
  .object({ ...choiceFields, registry: z.string().nullable().openapi({ description: 'Null: back to the default' }) })
  .openapi('ChoiceRevision');

export type ChoiceRevision = z.infer<typeof choiceRevisionSchema>;

export const choicePageSchema = pageOf(choiceSchema, 'ChoicePage');
export const choiceHistoryPageSchema = pageOf(choiceRevisionSchema, 'ChoiceHistoryPage');

const evidenceSchema = z.unknown().superRefine((evidence, context) => {
  if (!fitsIn(evidence, MAX_EVIDENCE))
    context.addIssue({ code: 'custom', message: `must be at most ${MAX_EVIDENCE} characters as JSON` });
});

/** The body of a `PUT` of a choice. */
export const newChoiceSchema = z
  .strictObject({
    registry: z.string().min(1).max(128).openapi({ description: 'A relay registry by name', example: 'singapore' }),
    reason: z
      .string()
      .max(1_000)
      .nullish()
      .openapi({ description: 'Why, for the history', example: 'steadiest in the last campaign' }),
    evidence: evidenceSchema.optional().openapi({ description: 'Any JSON value that the decision was based on' }),
  })
  .openapi('NewChoice');

export type NewChoiceBody = z.input<typeof newChoiceSchema>;

function fitsIn(value: unknown, limit: number): boolean {
  try {
    return value === undefined || JSON.stringify(value).length <= limit;
  } catch {
    // Nested so deeply that it cannot be written: no figure needs that.
    return false;
  }
}
