import type { Clock } from '../../kernel/clock.ts';
import { bytesToGo, type LegProgress } from './leg-progress.ts';
import type { TransferRecord } from './push-record.ts';
import type { LiveTransfer } from './pushes.ts';

export type RunningLeg = {
  readonly pushId: string;
  readonly registry: string;
  readonly progress: LegProgress;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
};

/** The legs that this process is running, so that they can be watched and stopped. */
export class RunningLegs {
  readonly #legs = new Map<string, RunningLeg>();

  add(leg: RunningLeg): void {
    this.#legs.set(key(leg.pushId, leg.registry), leg);
  }

  remove(leg: RunningLeg): void {
    if (this.#legs.get(key(leg.pushId, leg.registry)) === leg) this.#legs.delete(key(leg.pushId, leg.registry));
  }

  find(pushId: string, registry: string): RunningLeg | undefined {
    return this.#legs.get(key(pushId, registry));
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
  enliven(leg: TransferRecord, clock: Clock): LiveTransfer {
    const running = this.find(leg.pushId, leg.registry);
    if (running === undefined || leg.state === 'placed') return { ...leg, rate: null, expectedAt: null };
    const counters = running.progress.counters;
    const rate = running.progress.rate;
    const expectedAt =
      rate === null || counters.blobsTotal === 0
        ? null
        : clock.nowMs() + Math.round((bytesToGo(counters) / rate) * 1_000);
    return { ...leg, ...counters, rate, expectedAt };
  }
}

function key(pushId: string, registry: string): string {
  return `${pushId} ${registry}`;
}
