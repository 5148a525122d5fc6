import { describe, expect, it } from 'vitest';
import { StripeCount } from '../../../src/sync/copy/stripe-count.ts';

const MOST = 16;

/** Lets it see so many measurements of a path on which so many connections bring so much. */
function follow(rateOf: (connections: number) => number, { measurements = 200, answerMs = 90 } = {}): number[] {
  const count = new StripeCount(answerMs, MOST);
  return Array.from({ length: measurements }, () => {
    count.observe(rateOf(count.count));
    return count.count;
  });
}

describe('the number of connections', () => {
  it.each([
    [20, 4],
    [90, 5],
    [220, 11],
    [900, 12],
  ])('begins with an answering time of %d ms at %d: what one brings falls with the round trip', (answerMs, count) =>
    expect(new StripeCount(answerMs, MOST).count).toBe(count),
  );

  it('never exceeds what is allowed', () => {
    expect(new StripeCount(220, 3).count).toBe(3);
    expect(new StripeCount(220, 0).count).toBe(1);
  });

  it('doubles as long as more bring more', () => {
    expect([...new Set(follow((connections) => connections * 1e6, { measurements: 10 }))]).toEqual([5, 10, 16]);
  });

  it('goes back when twice as many bring hardly more', () => {
    const counts = follow((connections) => 1e6 + connections * 1e4, { measurements: 8 });
    expect([...new Set(counts)]).toEqual([5, 10]);
    expect(counts.at(-1)).toBe(5);
  });

  it('stays near where more bring no more', () => {
    const settled = follow((connections) => Math.min(connections, 6) * 1e6).slice(20);
    expect(Math.max(...settled)).toBeLessThanOrEqual(10);
    expect(settled.filter((count) => count < 6).length).toBeLessThan(settled.length / 4);
  });

  it('becomes one where a single one brings as much', () => expect(follow(() => 1e6).at(-1)).toBe(1));

  it('doubles again when the same number brings far less than it did', () => {
    const count = new StripeCount(90, MOST);
    for (let n = 0; n < 8; n += 1) count.observe(1e6);
    expect(count.count).toBe(5);
    // As on a path where loss bounds each connection once the first burst is over.
    for (let n = 0; n < 10; n += 1) count.observe(count.count * 1e5);
    expect(count.count).toBe(MOST);
  });

  it('is not misled by a single bad measurement', () => {
    const count = new StripeCount(90, MOST);
    for (let n = 0; n < 8; n += 1) count.observe(1e6);
    for (const rate of [1e5, 1e6, 1e5, 1e6]) count.observe(rate);
    expect(count.count).toBe(5);
  });

  it('takes a step back when a connection fails, and does not take that for a worse path', () => {
    const count = new StripeCount(90, MOST);
    count.observe(1e6);
    count.observe(1e6);
    count.failed();
    expect(count.count).toBeLessThan(10);
    const after = count.count;
    for (let n = 0; n < 6; n += 1) count.observe(1e5);
    expect(count.count).toBe(after);
    for (let n = 0; n < 20; n += 1) count.failed();
    expect(count.count).toBe(1);
  });
});
