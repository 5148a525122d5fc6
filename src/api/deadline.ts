import { parseDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';

const MIN_MS = 1_000;
const MAX_MS = 30 * 24 * 60 * 60 * 1_000;
// RFC 3339, section 5.6, with the upper-case letters that it recommends.
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

export type Deadline = { readonly afterMs: number } | { readonly atMs: number };

/** A duration from 1 s to 30 days, or an RFC 3339 instant. Throws `validation_failed`. */
export function parseDeadline(text: string): Deadline {
  if (INSTANT.test(text)) {
    const atMs = Date.parse(text);
    if (!Number.isNaN(atMs)) return { atMs };
  }
  const afterMs = parseDuration(text);
  if (afterMs < MIN_MS || afterMs > MAX_MS)
    throw new Failure('validation_failed', `"${text}" is not between 1s and 30d`);
  return { afterMs };
}

/** How long from now a deadline leaves, milliseconds. Throws `validation_failed` when that is not between 1 s and 30 days. */
export function deadlineMs(deadline: Deadline, nowMs: number): number {
  const ms = 'afterMs' in deadline ? deadline.afterMs : deadline.atMs - nowMs;
  if (ms >= MIN_MS && ms <= MAX_MS) return ms;
  const detail = 'must lie between 1 second and 30 days from now';
  throw new Failure('validation_failed', `deadline ${detail}`, { errors: [{ path: 'deadline', detail }] });
}
