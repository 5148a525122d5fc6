import { z } from '@hono/zod-openapi';
import { FAILURE_CODES, type FailureCode } from '../../kernel/failure-codes.ts';
import { isProblemCode } from '../problem-code.ts';

const codes = (Object.keys(FAILURE_CODES) as FailureCode[]).filter(isProblemCode);

/** An RFC 9457 problem document. Clients decide by `code`, which never changes its meaning. */
export const problemSchema = z
  .looseObject({
    type: z
      .string()
      .openapi({ description: 'Where this kind of problem is described', example: '/docs#image_unknown' }),
    title: z.string().openapi({ example: 'No such image' }),
    status: z.number().openapi({ type: 'integer', example: 404 }),
    detail: z.string().openapi({ description: 'What was attempted and what came of it' }),
    code: z.enum(codes).openapi({ description: 'The stable name of the problem', example: 'image_unknown' }),
    instance: z.string().openapi({ description: 'The path that was asked', example: '/v1/images/team%2Fapp' }),
    errors: z
      .array(z.object({ path: z.string().openapi({ example: 'targets[0]' }), detail: z.string() }))
      .optional()
      .openapi({ description: 'Each mistake of a request that is not valid' }),
    push: z.string().nullish().openapi({ description: 'With `not_placed`: the push that brings the image' }),
  })
  .openapi('Problem');

export type Problem = z.infer<typeof problemSchema>;
