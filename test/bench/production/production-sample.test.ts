import { expect, test } from 'vitest';
import type { SpellSeen } from '../../../src/bench/production/flow-watch.ts';
import { sizeClass, toProductionSample } from '../../../src/bench/production/production-sample.ts';

const MB = 1_000_000;
const seen = (more: Partial<SpellSeen> = {}): SpellSeen => ({
  ...{ at: 1_000, intervalBytes: Array.from({ length: 40 }, () => MB / 4), connections: 2, congestionControl: 'bbr' },
  ...{ retransmittedBytes: 0, heldUpShare: 0.9, localLoad: 0.2 },
  ...more,
});
const end = { site: 'beijing', registry: 'singapore', error: null, retries: 0 };

test('a spell has the rate of its steady part, its stalls, and no latency', () => {
  const stalled = [
    ...Array.from({ length: 20 }, () => MB / 4),
    0,
    0,
    0,
    0,
    0,
    ...Array.from({ length: 20 }, () => MB / 4),
  ];
  const sample = toProductionSample(seen({ intervalBytes: stalled }), end);
  expect(sample).toMatchObject({ ok: true, payloadBytes: 10 * MB, stalls: 1, longestGapMs: 1_250, jitterMs: null });
  expect(toProductionSample(seen(), end)).toMatchObject({ rate: MB, bodySeconds: 10, suspect: false, setupSeconds: 0 });
});

test('what says nothing of the path is no sample: too little, too short, or a source that was slower', () => {
  expect(toProductionSample(seen({ intervalBytes: [1, 1, 1, 1, 1] }), end)).toBeUndefined();
  expect(toProductionSample(seen({ intervalBytes: [MB, MB] }), end)).toBeUndefined();
  expect(toProductionSample(seen({ heldUpShare: 0.4 }), end)).toBeUndefined();
});

test('sizes are told apart by fours', () => {
  expect([MB, 3.9 * MB, 4 * MB, 16 * MB, 150 * MB, 2_000, 1_024 * MB].map(sizeClass)).toEqual(
    [1, 1, 4, 16, 64, 1, 1_024].map((size) => size * MB),
  );
});
