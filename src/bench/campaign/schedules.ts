import { Cron } from 'croner';
import type { Clock } from '../../kernel/clock.ts';
import type { MeasuringSchedule } from '../../regions/world.ts';
import type { BenchmarkStore } from './benchmark-store.ts';
import type { Benchmarks } from './benchmarks.ts';

/** So often the clock on the wall is looked at: it may be set, and the machine may have slept. */
const LOOK_MS = 30_000;

export type SchedulesOptions = {
  readonly schedules: readonly MeasuringSchedule[];
  readonly benchmarks: Pick<Benchmarks, 'create'>;
  readonly store: Pick<BenchmarkStore, 'unfinished'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
};

/**
 * Begins the benchmarks that the configuration schedules. What fell into a time when the service was down is not made
 * up for, and a schedule whose last benchmark still runs is passed over until its next time.
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

  async #follow(schedule: MeasuringSchedule): Promise<void> {
    const { clock, onError } = this.#options;
    const { signal } = this.#closing;
    const cron = new Cron(schedule.cron, { mode: '5-part', timezone: schedule.timeZone });
    for (;;) {
      const dueMs = cron.nextRun(new Date(clock.nowMs()))?.getTime();
      if (dueMs === undefined) return;
      while (!signal.aborted && clock.nowMs() < dueMs)
        await clock.sleep(Math.min(LOOK_MS, dueMs - clock.nowMs()), signal).catch(() => {});
      if (signal.aborted) return;
      await this.#begin(schedule).catch(onError);
    }
  }

  async #begin({ name, rounds, legs, registries, payloads }: MeasuringSchedule): Promise<void> {
    const { benchmarks, store } = this.#options;
    if ((await store.unfinished()).some(({ plan }) => plan.schedule === name)) return;
    const named = registries === undefined ? {} : { registries };
    await benchmarks.create({ schedule: name, rounds, legs, payloads, ...named });
  }
}
