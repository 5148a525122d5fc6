import type { Clock } from '../../kernel/clock.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { MeasuringSchedule } from '../../regions/world.ts';
import type { BenchmarkStore } from './benchmark-store.ts';
import type { BenchmarkWait } from './benchmark-wait.ts';
import type { Benchmarks, NewBenchmark } from './benchmarks.ts';
import type { PassedOver, ScheduleRun, ScheduleStanding } from './schedule-run.ts';
import type { ScheduleStore } from './schedule-store.ts';
import { ScheduleTimes } from './schedule-times.ts';

/** So often the clock on the wall is looked at: it may be set, and the machine may have slept. */
const LOOK_MS = 30_000;

export type SchedulesOptions = {
  readonly schedules: readonly MeasuringSchedule[];
  readonly benchmarks: Pick<Benchmarks, 'create'> & {
    /** What would keep every sample of a benchmark from being begun now. */
    foresee(wanted: NewBenchmark): Promise<Extract<BenchmarkWait, 'quiet' | 'budget'> | null>;
  };
  readonly store: Pick<BenchmarkStore, 'unfinished'>;
  readonly runs: ScheduleStore;
  readonly clock: Clock;
  /** Told of times that were passed over, oldest first. */
  readonly onPassedOver: (runs: readonly ScheduleRun[]) => void;
  readonly onError: (error: unknown) => void;
};

type Outcome = Pick<ScheduleRun, 'benchmark' | 'passedOver' | 'detail'>;

/**
 * Begins the benchmarks that the configuration schedules, and remembers what became of each time. What fell into a time
 * when the service was down is not made up for; a time at which nothing could be measured, or the last benchmark of the
 * schedule still runs, is passed over.
 */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #closing = new AbortController();
  #following: Promise<unknown> = Promise.resolve();

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#following = Promise.all(this.#options.schedules.map((schedule) => this.#follow(schedule)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  /** Every schedule as it stands, in the order of the configuration. */
  async list(): Promise<readonly ScheduleStanding[]> {
    const { schedules, runs, clock } = this.#options;
    return Promise.all(
      schedules.map(async (schedule) => ({
        schedule,
        nextAt: new ScheduleTimes(schedule).after(clock.nowMs()),
        runs: await runs.runs(schedule.name),
      })),
    );
  }

  async #follow(schedule: MeasuringSchedule): Promise<void> {
    const { clock, onError } = this.#options;
    const { signal } = this.#closing;
    const times = new ScheduleTimes(schedule);
    await this.#tellMissed(schedule, times).catch(onError);
    for (;;) {
      let firstMs = times.after(clock.nowMs());
      if (firstMs === null) return;
      while (!signal.aborted && clock.nowMs() < firstMs) {
        await clock.sleep(Math.min(LOOK_MS, firstMs - clock.nowMs()), signal).catch(() => {});
        // A clock that was set back comes to other times before.
        firstMs = Math.min(firstMs, times.after(clock.nowMs()) ?? firstMs);
      }
      if (signal.aborted) return;
      // A machine that slept comes to the last of several times.
      const due = [firstMs, ...times.between(firstMs, clock.nowMs())];
      await this.#come(schedule, due).catch(onError);
    }
  }

  /** What was due since the service was last seen at it. */
  async #tellMissed({ name }: MeasuringSchedule, times: ScheduleTimes): Promise<void> {
    const { runs, clock } = this.#options;
    const nowMs = clock.nowMs();
    const sinceMs = await runs.follow(name, times.timing, nowMs);
    if (sinceMs !== null) await this.#record(times.between(sinceMs, nowMs).map((dueAt) => missed(name, dueAt)));
  }

  async #come(schedule: MeasuringSchedule, due: readonly number[]): Promise<void> {
    const { name } = schedule;
    // A clock that was set back comes to the same time twice.
    const known = await this.#options.runs.runs(name);
    if (known.some(({ dueAt, benchmark }) => dueAt === due.at(-1) && benchmark !== null)) return;
    const last = { schedule: name, dueAt: due.at(-1) ?? 0, ...(await this.#begin(schedule)) };
    await this.#record([...due.slice(0, -1).map((dueAt) => missed(name, dueAt)), last]);
  }

  async #begin({ name, cron: _cron, timeZone: _zone, ...plan }: MeasuringSchedule): Promise<Outcome> {
    const { benchmarks, store } = this.#options;
    const wanted = { schedule: name, ...plan };
    if ((await store.unfinished()).some((record) => record.plan.schedule === name)) return passOver('still_running');
    try {
      const wait = await benchmarks.foresee(wanted);
      if (wait !== null) return passOver(wait === 'quiet' ? 'quiet_hours' : 'budget_used_up');
      return { benchmark: (await benchmarks.create(wanted)).id, passedOver: null, detail: null };
    } catch (error) {
      return passOver('refused', toFailure(error).message);
    }
  }

  async #record(runs: readonly ScheduleRun[]): Promise<void> {
    if (runs.length === 0) return;
    const passed = runs.filter(({ passedOver }) => passedOver !== null);
    if (passed.length > 0) this.#options.onPassedOver(passed);
    await this.#options.runs.record(runs);
  }
}

function passOver(passedOver: PassedOver, detail: string | null = null): Outcome {
  return { benchmark: null, passedOver, detail };
}

function missed(schedule: string, dueAt: number): ScheduleRun {
  return { schedule, dueAt, ...passOver('not_running') };
}
