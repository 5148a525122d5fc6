import type { Clock } from '../../kernel/clock.ts';
import type { LegForecast } from '../estimate/leg-forecast.ts';
import type { ExpectedTime } from '../estimate/path-run.ts';
import { afterWait, expectedWait } from '../estimate/queue-wait.ts';
import { bytesToGo, type LegProgress } from './leg-progress.ts';
import type { TransferRecord } from './push-record.ts';
import type { LiveTransfer } from './pushes.ts';
import type { CountBefore } from './queue-places.ts';
import type { SyncContext } from './sync-context.ts';

export type RunningLeg = {
  readonly pushId: string;
  readonly registry: string;
  readonly progress: LegProgress;
  readonly forecast: LegForecast;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
};

/** Why an attempt that has ended cannot be recorded, and when that is tried again. */
export type Unrecorded = Pick<TransferRecord, 'error' | 'nextAttemptAt'>;

/** The legs that this process is running, so that they can be watched and stopped. */
export class RunningLegs {
  readonly #legs = new Map<string, RunningLeg>();
  readonly #unrecorded = new Map<string, Unrecorded>();

  add(leg: RunningLeg): void {
    this.#legs.set(key(leg.pushId, leg.registry), leg);
  }

  remove(leg: RunningLeg): void {
    if (this.find(leg.pushId, leg.registry) !== leg) return;
    this.#legs.delete(key(leg.pushId, leg.registry));
    this.#unrecorded.delete(key(leg.pushId, leg.registry));
  }

  find(pushId: string, registry: string): RunningLeg | undefined {
    return this.#legs.get(key(pushId, registry));
  }

  /** The store does not take what became of a leg: until it does, the leg waits. Undefined: it has taken it. */
  noteUnrecorded(pushId: string, registry: string, why: Unrecorded | undefined): void {
    if (why === undefined) this.#unrecorded.delete(key(pushId, registry));
    else this.#unrecorded.set(key(pushId, registry), why);
  }

  all(): readonly RunningLeg[] {
    return [...this.#legs.values()];
  }

  countOf(registry: string): number {
    let count = 0;
    for (const leg of this.#legs.values()) if (leg.registry === registry) count += 1;
    return count;
  }

  /** A leg's record with what is known of it this instant. */
  async enliven(
    leg: TransferRecord,
    context: Pick<SyncContext, 'clock' | 'histories' | 'directory' | 'world'>,
    countBefore: CountBefore,
  ): Promise<LiveTransfer> {
    const { clock, directory } = context;
    const running = leg.state === 'placed' ? undefined : this.find(leg.pushId, leg.registry);
    if (running === undefined) {
      const expected = leg.state === 'queued' ? await this.#expectQueued(leg, context, countBefore) : null;
      return { ...leg, rate: null, ...whenPlaced(expected, clock) };
    }
    const { progress, forecast } = running;
    const { counters, rate } = progress;
    const unrecorded = this.#unrecorded.get(key(leg.pushId, leg.registry));
    if (unrecorded !== undefined)
      return { ...leg, ...counters, ...unrecorded, state: 'waiting', rate: null, ...whenPlaced(null, clock) };
    const congestionControl = directory.registry(leg.registry)?.target.congestionControl ?? leg.congestionControl;
    return { ...leg, ...counters, congestionControl, rate, ...whenPlaced(forecast.expected(), clock) };
  }

  /** The wait for its place, which others have or will have before it, and then what it takes. */
  async #expectQueued(
    leg: TransferRecord,
    { histories, world }: Pick<SyncContext, 'histories' | 'world'>,
    countBefore: CountBefore,
  ): Promise<ExpectedTime> {
    const { registry, blobsTotal } = leg;
    const own = histories.expect(registry, blobsTotal === 0 ? null : bytesToGo(leg));
    if (own.basis === 'none') return own;
    const running = this.all().filter((other) => other.registry === registry);
    const wait = expectedWait({
      places: world.limits.transfersPerRegistry,
      running: running.map(({ forecast }) => forecast.expected()),
      queued: await countBefore(leg),
      each: histories.expect(registry, null),
    });
    return afterWait(own, wait);
  }
}

function whenPlaced(expected: ExpectedTime | null, clock: Clock): Pick<LiveTransfer, 'expected' | 'expectedAt'> {
  const medianMs = expected?.medianMs ?? null;
  return { expected, expectedAt: medianMs === null ? null : clock.nowMs() + medianMs };
}

function key(pushId: string, registry: string): string {
  return `${pushId} ${registry}`;
}
