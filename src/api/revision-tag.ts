import { Failure } from '../kernel/failure.ts';

/** A revision as an entity tag: `"7"`. */
export function formatRevisionTag(revision: number): string {
  return `"${revision}"`;
}

/**
 * `If-Match` of a change: one strong tag such as `"7"` → its revision, `*` → `any` (there must be something to change),
 * no header → undefined. Throws `validation_failed` for weak tags, lists and all else: revisions have one strong tag.
 */
export function parseIfMatch(header: string | undefined): number | 'any' | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return 'any';
  const revision = /^"(\d{1,15})"$/.exec(text)?.[1];
  if (revision === undefined) {
    const detail = 'must be * or one revision in double quotes, such as "7"';
    throw new Failure('validation_failed', `If-Match ${detail}`, { errors: [{ path: 'If-Match', detail }] });
  }
  return Number(revision);
}
