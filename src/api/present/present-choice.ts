import type { ChoiceRecord, EffectiveChoice } from '../../choice/choice-record.ts';
import type { BackfillProgress } from '../../choice/choices.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { Choice, ChoiceRevision } from '../schema/choice-schema.ts';

/** What is in force; `image` is the name that was asked for, undefined where a pattern itself was. */
export function presentChoice(choice: EffectiveChoice, backfill: BackfillProgress | null, image?: string): Choice {
  const { record } = choice;
  return {
    ...(image === undefined ? {} : { image }),
    ...(choice.source === 'image' ? {} : { pattern: choice.subject }),
    registry: choice.registry,
    revision: choice.revision,
    source: choice.source,
    who: record?.who ?? 'configuration',
    at: record === null ? null : toTimestamp(record.at),
    reason: record?.reason ?? null,
    evidence: record?.evidence ?? null,
    previous: record?.previous ?? null,
    backfill: backfill === null ? null : { total: backfill.total, placed: backfill.placed, failed: backfill.failed },
  };
}

/** One revision of a subject's history. How far its backfill came is asked of the choice in force alone. */
export function presentChoiceRevision(record: ChoiceRecord): ChoiceRevision {
  const isPattern = record.subject.includes('*');
  return {
    ...(isPattern ? { pattern: record.subject } : { image: record.subject }),
    registry: record.registry,
    revision: record.revision,
    source: isPattern ? 'pattern' : 'image',
    who: record.who,
    at: toTimestamp(record.at),
    reason: record.reason,
    evidence: record.evidence ?? null,
    previous: record.previous,
    backfill: null,
  };
}
