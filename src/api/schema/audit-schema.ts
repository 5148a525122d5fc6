import { z } from '@hono/zod-openapi';
import { AUDIT_ACTIONS } from '../../access/audit-actions.ts';
import { AUDIT_OUTCOMES } from '../../access/audit-entry.ts';
import { CALLER_WAYS, ROLES } from '../../access/principal.ts';
import { pageOf, pageQuery } from './page-schema.ts';
import { instantSchema } from './text-schema.ts';

export const auditEntrySchema = z
  .object({
    id: z.string(),
    at: instantSchema,
    who: z.string().nullable().openapi({ description: "The caller's name; null for callers that nobody knows" }),
    role: z.enum(ROLES).nullable(),
    via: z.enum(CALLER_WAYS).nullable(),
    address: z
      .string()
      .nullable()
      .openapi({ description: 'Where it was asked from; null for what the service did by itself' }),
    action: z.enum(AUDIT_ACTIONS),
    about: z
      .string()
      .nullable()
      .openapi({ description: 'What it was done to: an image or pattern, a cluster, the name of a token' }),
    outcome: z
      .enum(AUDIT_OUTCOMES)
      .openapi({ description: '`refused`: not allowed; `failed`: allowed, and it could not be done' }),
    code: z.string().nullable().openapi({ description: 'Why not' }),
    detail: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: 'What was asked for, what changed, what came of it' }),
    count: z
      .number()
      .openapi({ type: 'integer', description: 'How many times, where the same was folded into one entry' }),
    requestId: z.string().nullable(),
  })
  .openapi('AuditEntry');

export type AuditAnswer = z.output<typeof auditEntrySchema>;

export const auditPageSchema = pageOf(auditEntrySchema, 'AuditPage');

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const auditQuery = z.strictObject({
  ...pageQuery,
  who: z.string().min(1).max(128).optional(),
  action: z.enum(AUDIT_ACTIONS).optional(),
  about: z.string().min(1).max(1_024).optional().openapi({ example: 'team/app' }),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  since: instant.optional().openapi({ type: 'string', format: 'date-time' }),
  until: instant.optional().openapi({ type: 'string', format: 'date-time' }),
  format: z
    .enum(['json', 'jsonl'])
    .default('json')
    .openapi({ description: '`jsonl`: all that match, newest first, one a line; `limit` does not count' }),
});
