import type { MeasuringSchedule } from '../../regions/world.ts';

/**
 * Why a time of a schedule was passed over: the service was down or the machine slept, the benchmark of an earlier time
 * runs still, it was a quiet hour, the bytes of the day were used up, or the plan was refused.
 */
export type PassedOver = 'not_running' | 'still_running' | 'quiet_hours' | 'budget_used_up' | 'refused';

/** What became of a time at which a schedule was due: a benchmark, or a reason why there is none. */
export type ScheduleRun = {
  readonly schedule: string;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  readonly benchmark: string | null;
  readonly passedOver: PassedOver | null;
  /** The reason in words, where its code does not say it all. */
  readonly detail: string | null;
};

/** A schedule as it stands. */
export type ScheduleStanding = {
  readonly schedule: MeasuringSchedule;
  /** When it is due next, milliseconds since the epoch; null when it never is again. */
  readonly nextAt: number | null;
  /** The last times, newest first. */
  readonly runs: readonly ScheduleRun[];
};
