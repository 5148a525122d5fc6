import { Failure } from '../kernel/failure.ts';
import type { ChoiceRecord, EffectiveChoice } from './choice-record.ts';

/**
 * Throws `revision_conflict` when a caller expects another revision than there is. With an own choice in force only
 * its revision will do. Without one a caller may have seen the revision of the default that holds instead, or know
 * that of the return to it; both will do, and 0 while the subject has no record.
 */
export function checkExpectedRevision(
  expected: number | undefined,
  now: { subject: string; newest: ChoiceRecord | undefined; effective: EffectiveChoice | undefined },
): void {
  if (expected === undefined) return;
  const newest = now.newest?.revision ?? 0;
  const inForce = now.newest !== undefined && now.newest.registry !== null;
  if (expected === newest || (!inForce && expected === (now.effective?.revision ?? 0))) return;
  throw new Failure(
    'revision_conflict',
    `the choice of ${now.subject} was expected at revision ${expected} and is at revision ${newest}`,
    { extensions: { revision: newest } },
  );
}
