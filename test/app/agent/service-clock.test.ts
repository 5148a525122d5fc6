import { expect, test } from 'vitest';
import { ServiceClock } from '../../../src/app/agent/service-clock.ts';
import { TestClock } from '../../support/test-clock.ts';

/** An exchange with a service whose clock shows `ahead` more than the time since this process began. */
function exchange(clock: TestClock, ahead: number, there: number, back: number, held = 0) {
  const gotMs = clock.elapsedMs();
  const sentMs = gotMs - there - held - back;
  return { sentMs, gotMs, receivedAt: sentMs + there + ahead, answeredAt: sentMs + there + held + ahead };
}

const reads = (service: ServiceClock, clock: TestClock) => service.nowMs() - clock.elapsedMs();

test('of several exchanges the one with the shortest way decides, whatever the clock on the wall says', () => {
  const clock = new TestClock();
  const service = new ServiceClock(clock);
  expect(service.wallOffsetMs).toBeUndefined();
  // Lopsided ways mislead by half their difference.
  service.note(exchange(clock, 5_000_000, 400, 20));
  expect(Math.abs(reads(service, clock) - 5_000_190)).toBeLessThan(5);
  service.note(exchange(clock, 5_000_000, 12, 10, 8_000));
  expect(Math.abs(reads(service, clock) - 5_000_001)).toBeLessThan(5);
  service.note(exchange(clock, 5_000_000, 20, 300));
  clock.jump(-86_400_000);
  expect(Math.abs(reads(service, clock) - 5_000_001)).toBeLessThan(5);
  expect(service.comparisons).toBe(3);
});

test('when a clock was set, what was known before is forgotten', () => {
  const clock = new TestClock();
  const service = new ServiceClock(clock);
  service.note(exchange(clock, 1_000_000, 1, 1));
  service.note(exchange(clock, 1_600_000, 50, 50));
  expect(Math.abs(reads(service, clock) - 1_600_000)).toBeLessThan(5);
  expect(service.comparisons).toBe(1);
});

test('what is older than ten minutes is not believed, and an answer from before its question never', () => {
  const clock = new TestClock();
  const service = new ServiceClock(clock);
  service.note(exchange(clock, 1_000_000, 1, 1));
  service.note({ ...exchange(clock, 1_000_000, 1, 1, 50), receivedAt: 0 });
  expect(service.comparisons).toBe(1);
  clock.advance(11 * 60_000);
  expect(service.comparisons).toBe(0);
});
