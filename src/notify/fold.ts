import type { Occurrence, Trouble } from './notice.ts';

export type Folded = {
  /** The trouble from now on; null when there is none. */
  readonly trouble: Trouble | null;
  /** What to say of it; undefined when nobody is told. */
  readonly told: { readonly count: number; readonly since: number | null } | undefined;
};

/**
 * Only transitions are told:
 *
 * | it is | there is a trouble | then |
 * |---|---|---|
 * | bad | no | told; the trouble begins |
 * | bad | yes | counted; told again when `remindMs` have passed since it was told |
 * | good | yes | told, with how often it failed and since when; the trouble is over |
 * | good | no | told, unless it only means something after a trouble |
 * | without a trouble of its own | | told |
 */
export function fold(occurrence: Occurrence, trouble: Trouble | undefined, remindMs: number): Folded {
  const { mood, at, trouble: key } = occurrence;
  if (key === null) return { trouble: null, told: { count: 1, since: null } };
  if (mood !== 'bad') {
    if (trouble !== undefined) return { trouble: null, told: { count: trouble.count, since: trouble.since } };
    return { trouble: null, told: occurrence.onlyAfterTrouble === true ? undefined : { count: 1, since: null } };
  }
  if (trouble === undefined)
    return { trouble: { key, since: at, count: 1, toldAt: at }, told: { count: 1, since: null } };
  const count = trouble.count + 1;
  // A clock that was put back must not silence a trouble for as long.
  const isDue = Math.abs(at - trouble.toldAt) >= remindMs;
  return {
    trouble: { ...trouble, count, toldAt: isDue ? at : trouble.toldAt },
    told: isDue ? { count, since: trouble.since } : undefined,
  };
}
