import type { ScheduleStanding } from '../../bench/campaign/schedule-run.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { ScheduleBody } from '../schema/schedule-schema.ts';

export function presentSchedule({ schedule, nextAt, runs }: ScheduleStanding): ScheduleBody {
  const { name, cron, timeZone, rounds, legs, sites, registries, payloads } = schedule;
  return {
    ...{ name, cron, timeZone, rounds },
    legs: [...legs],
    sites: sites === undefined ? null : [...sites],
    registries: registries === undefined ? null : [...registries],
    payloads: [...payloads],
    nextAt: nextAt === null ? null : toTimestamp(nextAt),
    runs: runs.map(({ dueAt, benchmark, passedOver, detail }) => ({
      dueAt: toTimestamp(dueAt),
      benchmark,
      passedOver,
      detail,
    })),
  };
}
