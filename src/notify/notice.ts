import type { NoticeEvent } from '../regions/notify-settings.ts';

export type NoticeOutcome =
  | 'placed'
  | 'failed'
  | 'recovered'
  | 'lost'
  | 'repaired'
  | 'changed'
  | 'down'
  | 'up'
  | 'full'
  | 'free'
  | 'back'
  | 'ending'
  | 'renewed'
  | 'sent';
export type NoticeStage =
  | 'push'
  | 'transfer'
  | 'placement'
  | 'choice'
  | 'recommendation'
  | 'registry'
  | 'agent'
  | 'certificate'
  | 'disk'
  | 'test';
export type NoticeMood = 'bad' | 'good' | 'neutral';

/** How another leg of the same push stands. */
export type NoticeLeg = { readonly registry: string; readonly state: string };

/** Something that happened, before it is decided whether anybody is told. */
export type Occurrence = {
  readonly event: NoticeEvent;
  readonly outcome: NoticeOutcome;
  readonly stage: NoticeStage;
  readonly mood: NoticeMood;
  /** `team/app:1.2.3`, or a pattern; null where it is about no image. */
  readonly image: string | null;
  /** What patterns of subscriptions are held against. */
  readonly name: string | null;
  readonly registry: string | null;
  readonly detail: string;
  readonly at: number;
  readonly durationMs: number | null;
  readonly legs: readonly NoticeLeg[];
  /** Path of what it is about, below the public address. */
  readonly path: string | null;
  /** Failures and the recovery from them share it; null for what is told each time. */
  readonly trouble: string | null;
  /** Told only when it ends a trouble. */
  readonly onlyAfterTrouble?: true;
  /** The failure that it ends: whoever was told that is told this too. */
  readonly ends?: NoticeEvent;
  /** What it is, among all that ever happen: told no second time, also after a restart. */
  readonly once?: string;
};

/** What most occurrences do not have. */
export const QUIET: Pick<Occurrence, 'image' | 'name' | 'registry' | 'durationMs' | 'legs' | 'path' | 'trouble'> = {
  ...{ image: null, name: null, registry: null, durationMs: null, legs: [], path: null, trouble: null },
};

/** What a receiver is told. */
export type Notice = Omit<Occurrence, 'event' | 'trouble' | 'onlyAfterTrouble' | 'ends' | 'path' | 'once'> & {
  readonly event: NoticeEvent | 'test';
  readonly link: string | null;
  /** How often the same was met since `since`; 1 for the first time. */
  readonly count: number;
  readonly since: number | null;
};

/** A failure that has been told and is not over. */
export type Trouble = {
  readonly key: string;
  readonly since: number;
  readonly count: number;
  readonly toldAt: number;
};
