import { z } from '@hono/zod-openapi';

/** Headers of a change of a choice, for the document. */
export const choiceChangeHeaders = z.object({
  'If-Match': z
    .string()
    .optional()
    .openapi({ description: 'The `ETag` of the choice that is to be changed, or `*` for any', example: '"3"' }),
});

/** Headers of an answer that is a choice, for the document. */
export const choiceAnswerHeaders = z.object({
  ETag: z.string().openapi({
    description: 'The subject\'s own newest revision in double quotes; `"0"` while it has none',
    example: '"3"',
  }),
});

/** The query of a `DELETE` of a choice. */
export const withdrawQuery = z.strictObject({
  reason: z.string().max(1_000).optional().openapi({ description: 'Why, for the history' }),
});
