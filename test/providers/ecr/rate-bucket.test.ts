import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/kernel/clock.ts';
import { RateBucket } from '../../../src/providers/ecr/rate-bucket.ts';

/** Time that goes on exactly by what is slept, so that when a request goes can be read off. */
class StepClock implements Clock {
  atMs = 0;
  nowMs = () => this.atMs;
  elapsedMs = () => this.atMs;
  async sleep(ms: number): Promise<void> {
    this.atMs += ms;
  }
}

function open(perSecond: number) {
  const clock = new StepClock();
  const bucket = new RateBucket(perSecond, clock);
  /** Milliseconds that so many requests take, one after the other. */
  const take = async (count: number): Promise<number> => {
    const begunMs = clock.atMs;
    for (let n = 0; n < count; n += 1) await bucket.take();
    return clock.atMs - begunMs;
  };
  return { clock, bucket, take };
}

describe('a rate bucket', () => {
  it('keeps to nine tenths of the quota in any second, and lets the first go at once', async () => {
    const { take } = open(10);
    expect(await take(1)).toBe(0);
    expect(await take(9)).toBeCloseTo(1_000, 0);
    expect(await take(90)).toBeCloseTo(10_000, 0);
  });

  it('lets at most a tenth of a second go at once after a pause', async () => {
    const { clock, take } = open(100);
    clock.atMs = 60_000;
    expect(await take(9)).toBeLessThan(1);
    expect(await take(1)).toBeGreaterThan(10);
  });

  it('goes at half the rate after a refusal, and comes back by a tenth of the quota each second', async () => {
    const { clock, bucket, take } = open(10);
    await take(10);
    bucket.refused();
    expect(await take(1)).toBeGreaterThan(100);
    const slow = await take(1);
    expect(slow).toBeGreaterThan(190);
    clock.atMs += 10_000;
    await take(2);
    expect(await take(9)).toBeCloseTo(1_000, 0);
  });

  it('counts what is refused together as one refusal, and never stops altogether', async () => {
    const { clock, bucket, take } = open(10);
    for (let n = 0; n < 50; n += 1) bucket.refused();
    await take(1);
    expect(await take(1)).toBeLessThan(250);
    for (let n = 0; n < 50; n += 1) {
      clock.atMs += 1_000;
      bucket.refused();
    }
    expect(await take(10)).toBeLessThan(60_000);
  });

  it('waits as long as the far side asks', async () => {
    const { bucket, take } = open(10);
    bucket.refused(5_000);
    expect(await take(1)).toBeGreaterThanOrEqual(5_000);
  });
});
