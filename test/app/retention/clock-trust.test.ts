import { expect, it } from 'vitest';
import { judgeClock, trustSince } from '../../../src/app/retention/clock-trust.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = { nowMs: 1_800_000_000_000, elapsedMs: 500 };

/** Judges reading after reading: how long the steady clock has gone on, and by how much the wall clock is set ahead. */
function judge(trustedAtMs: number | undefined, ...readings: readonly [elapsedMs: number, aheadMs: number][]) {
  let trust = trustSince(trustedAtMs, START);
  return readings.map(([elapsedMs, aheadMs]) => {
    const { isBelieved, ...next } = judgeClock(trust, {
      nowMs: START.nowMs + elapsedMs + aheadMs,
      elapsedMs: START.elapsedMs + elapsedMs,
    });
    trust = next;
    return isBelieved;
  });
}

it.each<[string, number | undefined, [number, number][], boolean[]]>([
  [
    'goes on evenly',
    START.nowMs,
    [
      [0, 0],
      [HOUR_MS, 0],
      [DAY_MS, 0],
    ],
    [true, true, true],
  ],
  [
    'was set back',
    START.nowMs,
    [
      [HOUR_MS, -DAY_MS],
      [2 * HOUR_MS, -DAY_MS],
    ],
    [true, true],
  ],
  [
    'was set ahead by a year',
    START.nowMs,
    [
      [0, 0],
      [HOUR_MS, 365 * DAY_MS],
      [DAY_MS, 365 * DAY_MS],
    ],
    [true, false, false],
  ],
  [
    'and stays there for a day',
    START.nowMs,
    [
      [HOUR_MS, 365 * DAY_MS],
      [25 * HOUR_MS, 365 * DAY_MS],
    ],
    [false, true],
  ],
  [
    'was set ahead and set right again',
    START.nowMs,
    [
      [HOUR_MS, 365 * DAY_MS],
      [2 * HOUR_MS, 0],
    ],
    [false, true],
  ],
  [
    'is set again while it is doubted',
    START.nowMs,
    [
      [0, DAY_MS],
      [DAY_MS, 3 * DAY_MS],
      [25 * HOUR_MS, 3 * DAY_MS],
    ],
    [false, false, false],
  ],
  [
    'was set back and ahead again',
    START.nowMs,
    [
      [0, -DAY_MS],
      [HOUR_MS, 0],
    ],
    [true, false],
  ],
  [
    'is wrong since before the start',
    START.nowMs - 90 * DAY_MS,
    [
      [0, 0],
      [HOUR_MS, 0],
      [DAY_MS, 0],
    ],
    [false, false, true],
  ],
  [
    'was never believed yet',
    undefined,
    [
      [0, 0],
      [DAY_MS, 0],
    ],
    [false, true],
  ],
])('a clock that %s', (_what, trustedAtMs, readings, believed) => {
  expect(judge(trustedAtMs, ...readings)).toEqual(believed);
});
