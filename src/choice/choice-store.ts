import type { ChoiceRecord } from './choice-record.ts';

/** What choices need remembered. Each method is one transaction, durable when its promise resolves. */
export type ChoiceStore = {
  /** The newest record of every subject, those that returned to the default included. */
  currentChoices(): Promise<readonly ChoiceRecord[]>;
  /**
   * Appends the next revision of a subject. `expectedRevision` (0: none yet) must be the newest, else
   * `revision_conflict` naming the newest.
   */
  appendChoice(choice: Omit<ChoiceRecord, 'revision'>, expectedRevision?: number): Promise<ChoiceRecord>;
  /** Newest first. */
  choiceHistory(
    subject: string,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: readonly ChoiceRecord[]; next: string | null }>;
  /** Of every subject, oldest first. */
  choicesSince(ms: number): Promise<readonly ChoiceRecord[]>;
  /** Which releases clusters resolved, and when last. Written in batches, lossy by nature: it only guides backfills. */
  recordUses(uses: readonly { name: string; digest: string; cluster: string; at: number }[]): Promise<void>;
  usedSince(name: string, sinceMs: number): Promise<readonly { digest: string; at: number }[]>;
};
