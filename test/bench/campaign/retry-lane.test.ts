import { afterEach, beforeEach, expect, test } from 'vitest';
import { RetryLane } from '../../../src/bench/campaign/retry-lane.ts';
import type { SampleError } from '../../../src/bench/sample.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const SILENCE: SampleError = { code: 'timed_out', step: 'probe', detail: 'no answer' };
const REFUSED: SampleError = { code: 'connect_failed', step: 'probe', detail: 'refused' };

let clock: TestClock;
let stop: AbortController;
let questions: { readonly registry: string; answer(error: SampleError | null): void }[];
let lane: RetryLane;

beforeEach(() => {
  [clock, stop, questions] = [new TestClock(), new AbortController(), []];
  const ask = (registry: string, signal: AbortSignal) =>
    new Promise<SampleError | null>((answer, reject) => {
      questions.push({ registry, answer });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  lane = new RetryLane(ask, clock, stop.signal);
});
afterEach(() => stop.abort());

const asked = (count: number) => eventually(() => questions.length === count, { what: `question ${count}` });

test('who answers at once is not in the lane', async () => {
  const answering = lane.isAnswering('korea');
  questions[0]?.answer(null);
  expect(await answering).toBe(true);
  expect(lane.registries()).toEqual([]);
});

test('who says nothing is set aside after a second, asked on, and failed after two questions', async () => {
  const answering = lane.isAnswering('korea');
  await eventually(() => clock.sleeping === 1, { what: 'the hurry' });
  clock.advance(1_000);
  expect(await answering).toBe(false);
  expect(await lane.isAnswering('korea')).toBe(false);
  expect(questions).toHaveLength(1);
  const trouble = lane.findTrouble('korea', 0, true);
  questions[0]?.answer(SILENCE);
  await eventually(() => lane.registries().length === 1, { what: 'the first failure' });
  clock.advance(2_000);
  await asked(2);
  questions[1]?.answer(REFUSED);
  expect(await trouble).toEqual(REFUSED);
  // In the next round there is nothing to wait for while others are measured …
  expect(await lane.findTrouble('korea', clock.elapsedMs(), true)).toEqual(REFUSED);
  // … and where nobody was, a question of that round decides.
  const later = lane.findTrouble('korea', clock.elapsedMs(), false);
  clock.advance(2_000);
  await asked(3);
  questions[2]?.answer(null);
  expect(await later).toBeNull();
  expect(lane.registries()).toEqual([]);
});

test('nobody waits for a lane that is closed', async () => {
  const answering = lane.isAnswering('korea');
  questions[0]?.answer(REFUSED);
  expect(await answering).toBe(false);
  const trouble = lane.findTrouble('korea', 0, true);
  stop.abort(new Error('stopped'));
  await expect(trouble).rejects.toThrow('stopped');
});
