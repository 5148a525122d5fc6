import { Failure } from '../kernel/failure.ts';
import type { Page, Paged } from '../sync/push/push-store.ts';

/**
 * One page of values that are all in memory. The cursor holds the key of the last value given, so a page goes on at
 * the right place when values come or go in between; a key that is gone answers `validation_failed`.
 */
export function pageValues<T>(values: readonly T[], keyOf: (value: T) => string, page: Page): Paged<T> {
  const start = page.cursor === undefined ? 0 : startAfter(values, keyOf, page.cursor);
  const items = values.slice(start, start + page.limit);
  const last = items.at(-1);
  const more = start + items.length < values.length && last !== undefined;
  return { items, next: more ? Buffer.from(keyOf(last)).toString('base64url') : null };
}

function startAfter<T>(values: readonly T[], keyOf: (value: T) => string, cursor: string): number {
  const key = Buffer.from(cursor, 'base64url').toString();
  const index = values.findIndex((value) => keyOf(value) === key);
  if (index < 0) {
    const detail = 'is not a cursor of this list, or what it pointed at is gone';
    throw new Failure('validation_failed', `cursor ${detail}`, { errors: [{ path: 'cursor', detail }] });
  }
  return index + 1;
}
