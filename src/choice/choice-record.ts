/**
 * One decision: an image, or a pattern, gets its releases from this registry. Numbered from 1 per subject, never
 * changed; the newest holds. `registry` null is the decision to return to the default.
 */
export type ChoiceRecord = {
  /** The exact image name, or a pattern with `*`. */
  readonly subject: string;
  readonly revision: number;
  readonly registry: string | null;
  readonly who: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly reason: string | null;
  /** What the decision was based on (a recommendation's figures); opaque here. */
  readonly evidence: unknown;
  /** The registry in force for the subject before, null where none was. */
  readonly previous: string | null;
};

/** The decision in force for an image: its own, a pattern's from the store, or a pattern's from the configuration. */
export type EffectiveChoice = {
  readonly registry: string;
  /** 0 for one from the configuration. */
  readonly revision: number;
  readonly source: 'image' | 'pattern' | 'configuration';
  /** The name or pattern that decided. */
  readonly subject: string;
  readonly record: ChoiceRecord | null;
};
