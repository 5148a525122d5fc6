import type { ChoiceRecord, EffectiveChoice } from './choice-record.ts';

export type ChooseRequest = {
  /** An exact image name, or a pattern with `*`. */
  readonly subject: string;
  readonly registry: string;
  readonly who: string;
  readonly reason: string | null;
  readonly evidence: unknown;
  readonly expectedRevision?: number;
};

/** How far a choice's backfill has come. */
export type BackfillProgress = { readonly total: number; readonly placed: number; readonly failed: number };

/** Deciding where images come from. Reads are from memory; a change is durable, then told, then its backfill begins. */
export type Choices = {
  /** What is in force for an image; undefined when neither store nor configuration has anything for it. */
  effective(name: string): EffectiveChoice | undefined;
  /** The record in force for a pattern itself, from the store or the configuration. */
  findPattern(pattern: string): EffectiveChoice | undefined;
  /** Every pattern with a choice, most specific first. */
  listPatterns(): readonly EffectiveChoice[];
  /** Choosing what is chosen already changes nothing. Throws `registry_unknown`, `validation_failed` (not an enabled relay), `revision_conflict`. */
  choose(request: ChooseRequest): Promise<EffectiveChoice>;
  /** Returns a subject to its default; returns what is in force now, undefined when nothing is. */
  unchoose(request: Omit<ChooseRequest, 'registry' | 'evidence'>): Promise<EffectiveChoice | undefined>;
  history(
    subject: string,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: readonly ChoiceRecord[]; next: string | null }>;
  /** Null when the choice started none. */
  backfillOf(choice: EffectiveChoice): Promise<BackfillProgress | null>;
};
