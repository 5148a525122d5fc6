import { Cron } from 'croner';
import type { MeasuringSchedule } from '../../regions/world.ts';

/** More were never due at once, or nobody wants to read them. */
const MOST = 100;

/** When a schedule is due. Instants are milliseconds since the epoch. */
export class ScheduleTimes {
  readonly #cron: Cron;
  /** What decides its times. */
  readonly timing: string;

  constructor({ cron, timeZone }: Pick<MeasuringSchedule, 'cron' | 'timeZone'>) {
    this.#cron = new Cron(cron, { mode: '5-part', timezone: timeZone });
    this.timing = `${cron} ${timeZone}`;
  }

  /** The first after an instant; null when there is none. */
  after(ms: number): number | null {
    return this.#cron.nextRun(new Date(ms))?.getTime() ?? null;
  }

  /** Those after `sinceMs` up to `untilMs`, oldest first; of very many only the newest. */
  between(sinceMs: number, untilMs: number): readonly number[] {
    // Croner goes back by whole seconds and does not count its reference.
    const newest = this.#cron.previousRuns(MOST, new Date(untilMs + 1_000)).map((date) => date.getTime());
    return newest.filter((ms) => ms > sinceMs && ms <= untilMs).sort((a, b) => a - b);
  }
}
