import type { ScheduleRun } from './schedule-run.ts';

/** Remembers what became of the times of schedules. */
export type ScheduleStore = {
  /**
   * Until when the times of a schedule were dealt with. One that is new, or whose `timing` (its cron expression and time
   * zone) was another, is so as of now, and the answer is null: what was due before says nothing of it.
   */
  follow(schedule: string, timing: string, nowMs: number): Promise<number | null>;
  /** Records what became of times, newest last, and that they were dealt with. Only the newest are kept. */
  record(runs: readonly ScheduleRun[]): Promise<void>;
  /** The last of a schedule, newest first. */
  runs(schedule: string): Promise<readonly ScheduleRun[]>;
};
