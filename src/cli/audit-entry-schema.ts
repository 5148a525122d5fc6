import { z } from 'zod';
import { count, text } from './answer-fields.ts';

/** An entry of the audit log, as far as it is shown; what else is in it passes through. */
export const auditEntrySchema = z.looseObject({
  id: z.string(),
  at: text,
  who: text,
  action: z.string(),
  about: text,
  outcome: z.string(),
  code: text,
  address: text,
  count,
  detail: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => value ?? null),
});
