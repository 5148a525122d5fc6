import { localTimes } from '../recommend/local-time.ts';
import type { BenchmarkPlan } from './benchmark-record.ts';
import type { BenchmarkWait } from './benchmark-wait.ts';
import { type BytesAtRegistry, findLack } from './budget.ts';
import type { BenchmarksOptions } from './open-benchmarks.ts';
import { planRound, type RoundStep } from './round-order.ts';

/** May a step be taken now (null), must everybody wait, or is its registry left out while others have bytes left? */
export type Verdict = Extract<BenchmarkWait, 'quiet' | 'budget'> | 'left-out' | null;

/** Lets samples begin within what measuring may cost, outside quiet hours. */
export class Admission {
  readonly #options: BenchmarksOptions;
  readonly #localTime: ReturnType<typeof localTimes>;
  /** What the samples under way move, by their ids. */
  readonly #moving = new Map<string, BytesAtRegistry>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BenchmarksOptions) {
    this.#options = options;
    this.#localTime = localTimes(options.world.recommendation.timeZone);
  }

  /** A sample that is let in holds its bytes until it is released. */
  admit(id: string, step: RoundStep, plan: BenchmarkPlan): Promise<Verdict> {
    // One after the other: two that ask at once would be given the same room.
    const answer = this.#last.then(() => this.#admit(id, step, plan));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** What would keep every sample of a plan from being begun now. */
  async foresee(plan: BenchmarkPlan): Promise<Extract<BenchmarkWait, 'quiet' | 'budget'> | null> {
    if (this.#isQuiet()) return 'quiet';
    for (const step of planRound(plan, 0)) if ((await this.#findLack(await this.#wantOf(step))) === null) return null;
    return 'budget';
  }

  release(id: string): void {
    this.#moving.delete(id);
  }

  async #admit(id: string, step: RoundStep, { registries }: BenchmarkPlan): Promise<Verdict> {
    if (this.#isQuiet()) return 'quiet';
    const want = await this.#wantOf(step);
    const lack = await this.#findLack(want);
    if (lack === 'total') return 'budget';
    if (lack === 'registry') {
      // Of another size the others may have room for, nothing that can be compared with this would come.
      for (const registry of registries)
        if ((await this.#findLack(await this.#wantOf({ ...step, registry }))) === null) return 'left-out';
      return 'budget';
    }
    this.#moving.set(id, want);
    return null;
  }

  #isQuiet(): boolean {
    const { world, clock } = this.#options;
    return world.measuring.quietHours.includes(this.#localTime(clock.nowMs()).hour);
  }

  async #wantOf(step: RoundStep): Promise<BytesAtRegistry> {
    return { registry: step.registry, bytes: (await this.#options.bytesOf?.(step)) ?? step.payloadBytes };
  }

  #findLack(want: BytesAtRegistry) {
    const { store, world, clock } = this.#options;
    return findLack(store, world.measuring, clock.nowMs(), want, [...this.#moving.values()]);
  }
}
