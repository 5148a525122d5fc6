import { z } from '@hono/zod-openapi';
import { ROLES } from '../../access/principal.ts';
import { parseDuration } from '../../kernel/duration.ts';
import { Failure } from '../../kernel/failure.ts';
import { pageOf } from './page-schema.ts';
import { textOf } from './text-schema.ts';

const MAX_LIFE_MS = 10 * 365 * 24 * 60 * 60 * 1_000;

function parseLife(text: string): number {
  const ms = parseDuration(text);
  if (ms <= 0 || ms > MAX_LIFE_MS) throw new Failure('validation_failed', 'must be more than 0 and at most 10 years');
  return ms;
}

const role = z.enum(ROLES).openapi({ description: 'What its bearer is there for', example: 'ci' });

/** A new token, as it is asked for. */
export const newTokenSchema = z
  .strictObject({
    name: z.string().min(1).max(64).openapi({ description: 'What the history calls its bearer', example: 'ci-team' }),
    role,
    images: z
      .array(z.string().min(1).max(255))
      .optional()
      .openapi({
        description: 'Image names and patterns that it reaches; role `ci` must say them',
        example: ['team/*'],
      }),
    cluster: z.string().min(1).max(128).optional().openapi({ description: 'The cluster, for role `cluster`' }),
    site: z.string().min(1).max(128).optional().openapi({ description: 'The site, for role `agent`' }),
    expiresIn: textOf(parseLife)
      .transform(parseLife)
      .optional()
      .openapi({ type: 'string', description: 'How long it holds; for ever when left out', example: '90d' }),
    expiresAt: z.iso
      .datetime({ offset: true })
      .optional()
      .openapi({ description: 'Until when it holds, in place of `expiresIn`' }),
  })
  .refine((body) => body.expiresIn === undefined || body.expiresAt === undefined, {
    path: ['expiresAt'],
    message: 'cannot be given together with expiresIn',
  })
  .openapi('NewToken');

/** A token, without its secret. */
export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    images: z.array(z.string()),
    cluster: z.string().nullable(),
    site: z.string().nullable(),
    state: z.enum(['valid', 'expired', 'revoked']),
    createdAt: z.string(),
    createdBy: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().openapi({ description: 'To the minute or so; null while it was never used' }),
    revokedAt: z.string().nullable(),
  })
  .openapi('Token');

export type TokenAnswer = z.output<typeof tokenSchema>;

export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: 'What to send. It is told this once and kept nowhere' }) })
  .openapi('CreatedToken');

export type CreatedToken = z.output<typeof createdTokenSchema>;

export const tokenPageSchema = pageOf(tokenSchema, 'TokenPage');
export const tokenParams = z.strictObject({ id: z.string().min(1).max(128) });
