import { z } from '@hono/zod-openapi';
import { problemSchema } from './problem-schema.ts';
import { digestSchema, instantSchema } from './text-schema.ts';

const reference = z.string().openapi({
  description: 'What a container runtime pulls',
  example: `registry.example/team/app@sha256:${'3f'.repeat(32)}`,
});

export const alternativeSchema = z
  .object({ reference, registry: z.string(), region: z.string(), verifiedAt: instantSchema })
  .openapi('ResolveAlternative');

export const resolveSchema = z
  .object({
    reference,
    registry: z.string().openapi({ example: 'singapore' }),
    region: z.string().openapi({ example: 'ap-southeast-1' }),
    digest: digestSchema,
    sourceDigest: digestSchema,
    tag: z.string().nullable(),
    state: z.enum(['home', 'chosen', 'fallback']),
    reason: z.string().nullable().openapi({ description: 'Why the first of the order was not taken' }),
    choice: z.object({ registry: z.string(), revision: z.number().openapi({ type: 'integer' }) }).nullable(),
    verifiedAt: instantSchema,
    asOf: instantSchema.openapi({ description: 'As of when this answer is true' }),
    push: z.string().nullable().openapi({ description: 'The push that is bringing it to where it should be' }),
    alternatives: z.array(alternativeSchema),
  })
  .openapi('Resolve');

export type Resolve = z.infer<typeof resolveSchema>;

export const MAX_RESOLVES = 500;

/** Which cluster asks. */
export const askingCluster = {
  cluster: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .openapi({ description: "May be left out with a cluster's own token", example: 'us-east-prod' }),
};

export const resolveManySchema = z
  .strictObject({
    ...askingCluster,
    images: z
      .array(z.string().min(1).max(1_024))
      .min(1)
      .max(MAX_RESOLVES)
      .openapi({ example: ['team/app:1.2.3', 'team/web:7'] }),
  })
  .openapi('ResolveMany');

export type ResolveManyBody = z.input<typeof resolveManySchema>;

export const resolveManyAnswerSchema = z
  .object({
    items: z
      .array(z.union([resolveSchema, problemSchema]))
      .openapi({ description: 'One answer or problem for each image, in the order asked' }),
  })
  .openapi('ResolveManyAnswer');

export type ResolveManyAnswer = z.infer<typeof resolveManyAnswerSchema>;
