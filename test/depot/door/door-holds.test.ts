import { expect, it } from 'vitest';
import { DoorHolds } from '../../../src/depot/door/door-holds.ts';
import { digestOf } from '../../../src/oci/digest.ts';

const HOUR_MS = 3_600_000;
const layer = digestOf(Buffer.from('layer'));

it('a blob that a client was told of is held for hours, and minutes once a push has it', () => {
  let nowMs = 1_000 * HOUR_MS;
  const holds = new DoorHolds(() => nowMs);
  holds.hold(layer);
  nowMs += 5 * HOUR_MS;
  expect(holds.digests()).toEqual([layer]);
  nowMs += 2 * HOUR_MS;
  expect(holds.digests()).toEqual([]);

  holds.hold(layer);
  holds.release([layer]);
  expect(holds.digests()).toEqual([layer]);
  nowMs += HOUR_MS / 4;
  expect(holds.digests()).toEqual([]);
});

it('a client that is told after a push has it is held for as long as any', () => {
  let nowMs = 1_000 * HOUR_MS;
  const holds = new DoorHolds(() => nowMs);
  holds.hold(layer);
  holds.release([layer]);
  holds.hold(layer);
  nowMs += 5 * HOUR_MS;
  expect(holds.digests()).toEqual([layer]);
});

it('what an earlier run told counts from when it did', () => {
  // The steady clock begins with the process.
  const holds = new DoorHolds(() => 500);
  holds.hold(layer, 7 * HOUR_MS);
  expect(holds.digests()).toEqual([]);
  holds.hold(layer, 5 * HOUR_MS);
  expect(holds.digests()).toEqual([layer]);
});
