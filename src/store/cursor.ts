import { z } from 'zod';
import { Failure } from '../kernel/failure.ts';

/**
 * Where a page of a list ended, as the opaque text that callers give back: the sort key of its last item. Keys, not
 * offsets, so that what is added meanwhile neither repeats nor hides an item.
 */
export function formatCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Throws `validation_failed` for text that `formatCursor` did not make for this kind of list. */
export function parseCursor<T>(text: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(Buffer.from(text, 'base64url').toString()));
  if (!parsed.success) {
    throw new Failure('validation_failed', `"${text.slice(0, 160)}" is not a cursor that a list has answered`);
  }
  return parsed.data;
}

/** The key of lists that are ordered by an instant and then by id. */
export const INSTANT_AND_ID = z.tuple([z.number(), z.string()]);
/** The key of lists that are ordered by name. */
export const NAME_KEY = z.tuple([z.string()]);
/** The key of lists that are ordered by a number. */
export const NUMBER_KEY = z.tuple([z.number()]);

/**
 * Cuts what was read with one row more than the limit into a page: the extra row tells that there is another page.
 */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => readonly (string | number)[],
  toItem: (row: Row) => T,
): { items: readonly T[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? formatCursor(key(last)) : null;
  return { items: shown.map(toItem), next };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
