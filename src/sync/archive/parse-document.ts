import type { z } from 'zod';
import { archiveInvalid } from './archive-failure.ts';

/** JSON bytes of an archive by a schema, or `archive_invalid` with the first mistake. */
export function parseDocument<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw archiveInvalid(`${what} is not JSON`, cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw archiveInvalid(
    `${what} is not valid at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'unknown'}`,
    parsed.error,
  );
}
