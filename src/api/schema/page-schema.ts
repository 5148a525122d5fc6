import { z } from '@hono/zod-openapi';
import { parseDuration } from '../../kernel/duration.ts';
import { textOf } from './text-schema.ts';

/** A page of a list: `next` is the cursor of the page that follows, null on the last. */
export function pageOf<S extends z.ZodType>(item: S, name: string) {
  return z
    .object({
      items: z.array(item),
      next: z.string().nullable().openapi({ description: 'Cursor of the next page; null on the last' }),
    })
    .openapi(name);
}

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,6}$/, `must be a number from 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .pipe(z.number().min(1).max(MAX_LIMIT))
    .default(DEFAULT_LIMIT)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  cursor: z.string().min(1).max(1_024).optional().openapi({ description: 'The `next` of the page before' }),
};

/** Longest time that a request may wait; a longer `wait` waits this long. */
export const MAX_WAIT_MS = 10 * 60_000;

/** `?wait=30s` → milliseconds, at most `MAX_WAIT_MS`. Throws `validation_failed`. */
export function parseWait(text: string): number {
  return Math.min(parseDuration(text), MAX_WAIT_MS);
}

export const waitQuery = {
  wait: textOf(parseWait).transform(parseWait).optional().openapi({
    type: 'string',
    description: 'Longest time to wait for it, such as `30s`; at most 10 minutes count',
    example: '30s',
  }),
};
