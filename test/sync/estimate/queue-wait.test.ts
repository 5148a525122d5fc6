import { expect, it } from 'vitest';
import { NOTHING_KNOWN } from '../../../src/sync/estimate/path-run.ts';
import { afterWait, expectedWait } from '../../../src/sync/estimate/queue-wait.ts';

const each = { medianMs: 10, p90Ms: 30 };
const leg = (medianMs: number | null, p90Ms: number | null = null) => ({ medianMs, p90Ms });

it.each([
  ['nobody is before it', { places: 2, running: [], queued: 0 }, leg(0, 0)],
  ['a place is free', { places: 2, running: [leg(70)], queued: 0 }, leg(0, 0)],
  [
    'all places are taken: until the first is free',
    { places: 2, running: [leg(70, 90), leg(40, 99)], queued: 0 },
    leg(40, 90),
  ],
  [
    'others are before it: they take the places as they become free',
    { places: 2, running: [leg(70, 70), leg(40, 40)], queued: 4 },
    leg(70, 100),
  ],
  ['others are before it, and nothing runs yet', { places: 2, running: [], queued: 3 }, leg(10, 30)],
  ['one that runs is not known', { places: 1, running: [leg(null)], queued: 0 }, leg(null)],
  ['what one that runs takes at worst is not known', { places: 1, running: [leg(5)], queued: 1 }, leg(15)],
])('%s', (_, ahead, wait) => expect(expectedWait({ ...ahead, each })).toEqual(wait));

it('nothing is known where those before it take nobody knows how long', () =>
  expect(expectedWait({ places: 1, running: [leg(5)], queued: 1, each: NOTHING_KNOWN })).toEqual(leg(null)));

it('comes on top of what the leg itself takes', () => {
  const own = { basis: 'history', samples: 9, medianMs: 100, p90Ms: 200 } as const;
  expect(afterWait(own, leg(40, 90))).toEqual({ ...own, medianMs: 140, p90Ms: 290 });
  expect(afterWait(own, leg(40))).toEqual({ ...own, medianMs: 140, p90Ms: null });
});
