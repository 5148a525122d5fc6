import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Parallelism } from '../../../src/sync/copy/parallelism.ts';

const FAR = { isLongPath: true, congestionControl: 'cubic' };

/** Measures often, over a link that gives so much for a number of places. */
function measure(parallelism: Parallelism, times: number, bytesPerSecondOf: (places: number) => number): number[] {
  return Array.from({ length: times }, () => {
    parallelism.measured({ bytesPerSecond: bytesPerSecondOf(parallelism.places), isWanted: true });
    return parallelism.places;
  });
}

describe('how many blobs may cross at once', () => {
  it('is all that are configured on a near path, and three at most on a long one', () => {
    for (const most of [1, 3, 6, 100]) {
      const parallelism = new Parallelism(most);
      expect(parallelism.places).toBe(most);
      parallelism.connected(FAR);
      expect(parallelism.places).toBe(Math.min(most, 3));
      parallelism.connected({ isLongPath: false, congestionControl: 'cubic' });
      expect(parallelism.places).toBe(most);
    }
  });

  it('grows as long as each connection brings its own share, up to what is configured', () => {
    const parallelism = new Parallelism(6);
    parallelism.connected(FAR);
    const seen = measure(parallelism, 40, (places) => places * 1e6);
    expect(seen.at(-1)).toBe(6);
    expect(Math.max(...seen)).toBe(6);
  });

  it('goes back to where it was when one more brought nothing, and rests', () => {
    const parallelism = new Parallelism(6);
    parallelism.connected(FAR);
    const seen = measure(parallelism, 14, () => 1e6);
    expect(new Set(seen)).toEqual(new Set([3, 4]));
    expect(seen.slice(4)).toEqual(Array(10).fill(3));
  });

  it('takes half when one more brought less', () => {
    const parallelism = new Parallelism(8);
    parallelism.connected(FAR);
    expect(measure(parallelism, 4, (places) => (places > 3 ? 0.5e6 : 1e6))).toEqual([3, 4, 4, 1]);
  });

  it('tries nothing where BBR fills the path, or nobody waits', () => {
    const modelled = new Parallelism(8);
    modelled.connected({ isLongPath: true, congestionControl: 'bbr' });
    expect(new Set(measure(modelled, 30, (places) => places * 1e6))).toEqual(new Set([3]));
    const idle = new Parallelism(8);
    idle.connected(FAR);
    for (let times = 0; times < 30; times += 1) idle.measured({ bytesPerSecond: 1e6, isWanted: false });
    expect(idle.places).toBe(3);
  });

  it('halves when the registry refuses, near or far, and comes back one by one', () => {
    const parallelism = new Parallelism(8);
    for (const places of [4, 2, 1, 1]) {
      for (let blobs = 0; blobs < 6; blobs += 1) parallelism.refused();
      expect(parallelism.places).toBe(places);
      measure(parallelism, 1, () => 1e6);
    }
    expect(parallelism.places).toBe(1);
    const seen = measure(parallelism, 42, () => 1e6);
    expect(seen.filter((places, index) => places !== seen[index - 1])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('stays between one and what is configured, whatever is measured', () => {
    const step = fc.oneof(
      fc.record({ bytesPerSecond: fc.nat(1e8), isWanted: fc.boolean() }),
      fc.constantFrom('refused' as const, 'far' as const, 'near' as const),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
        const parallelism = new Parallelism(most);
        for (const each of steps) {
          if (each === 'refused') parallelism.refused();
          else if (each === 'far') parallelism.connected(FAR);
          else if (each === 'near') parallelism.connected({ ...FAR, isLongPath: false });
          else parallelism.measured(each);
          expect(parallelism.places).toBeGreaterThanOrEqual(1);
          expect(parallelism.places).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
