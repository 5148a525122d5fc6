import { z } from '@hono/zod-openapi';
import { isFailure } from '../../kernel/failure.ts';

/** Text that a parser of the vocabulary takes; what the parser says is what the caller is told. */
export function textOf(parse: (text: string) => unknown) {
  return z
    .string()
    .max(2_048)
    .superRefine((text, context) => {
      try {
        parse(text);
      } catch (error) {
        if (!isFailure(error)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
      }
    });
}

/** An instant in an answer: RFC 3339 UTC with milliseconds. */
export const instantSchema = z.string().openapi({ format: 'date-time', example: '2026-03-01T08:15:30.250Z' });

/** A content digest in an answer. */
export const digestSchema = z.string().openapi({ example: `sha256:${'3f'.repeat(32)}` });

export const bytesSchema = z.number().openapi({ type: 'integer', description: 'Bytes', example: 157286400 });

/**
 * A query parameter that may be repeated, or hold several values joined by commas → the list of them, empties left
 * out. The check of each value is the list's own.
 */
export function listOf(item: z.ZodType<string, string>, description: string) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((value) =>
      (typeof value === 'string' ? [value] : value).flatMap((text) => text.split(',')).filter((text) => text !== ''),
    )
    .pipe(z.array(item))
    .openapi({ type: 'array', items: { type: 'string' }, description, param: { style: 'form', explode: true } });
}
