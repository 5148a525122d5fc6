import { describe, expect, it } from 'vitest';
import { StripeCount } from '../../../src/sync/copy/stripe-count.ts';

/** Lets it see so many measurements of a path on which so many connections bring so much. */
function follow(rateOf: (connections: number) => number, measurements = 200): number[] {
  const count = new StripeCount();
  return Array.from({ length: measurements }, () => {
    count.observe(rateOf(count.count));
    return count.count;
  });
}

describe('the number of connections', () => {
  it('grows as long as more bring more', () => {
    const counts = follow((connections) => connections * 1e6, 8);
    expect(counts.at(-1)).toBe(12);
    expect(counts.every((count, n) => n === 0 || count >= (counts[n - 1] ?? 0))).toBe(true);
  });

  it('stays where more bring no more', () => expect(Math.max(...follow((c) => Math.min(c, 6) * 1e6))).toBe(9));

  it('becomes one where a single one brings as much', () => expect(follow(() => 1e6).at(-1)).toBe(1));

  it('does not become fewer for good where that costs bytes', () => {
    const counts = follow((connections) => Math.min(connections, 6) * 1e6);
    expect(counts.filter((count) => count < 6).length).toBeLessThan(counts.length / 4);
  });

  it('takes a step back when a connection fails', () => {
    const count = new StripeCount();
    const before = count.count;
    count.failed();
    expect(count.count).toBeLessThan(before);
    for (let n = 0; n < 20; n += 1) count.failed();
    expect(count.count).toBe(1);
  });
});
