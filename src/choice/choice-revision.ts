import { Failure } from '../kernel/failure.ts';
import type { ChoiceRecord, EffectiveChoice } from './choice-record.ts';

/**
 * Throws `revision_conflict` when a caller expects another revision than there is. A subject's own
 * choice, where there is one, is what is in force for it, so only its revision will do. Without one a caller may have
 * seen the revision of the default that holds instead, or know that of the return to it; both will do.
 */
export function checkExpectedRevision(
  expected: number | undefined,
  now: { subject: string; newest: ChoiceRecord | undefined; effective: EffectiveChoice | undefined },
): void {
  if (expected === undefined) return;
  const newest = now.newest?.revision ?? 0;
  if (expected === newest || expected === (now.effective?.revision ?? 0)) return;
  throw new Failure(
    'revision_conflict',
    `the choice of ${now.subject} was expected at revision ${expected} and is at revision ${newest}`,
    { extensions: { revision: newest } },
  );
}
