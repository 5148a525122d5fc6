import { expect, it } from 'vitest';
import { Janitor } from '../../../src/app/retention/janitor.ts';
import { PRUNED_KINDS, type RetentionStore } from '../../../src/store/retention-store.ts';
import type { LogFacts } from '../../../src/telemetry/log.ts';
import { world } from '../../api/samples.ts';
import { TestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Counts how often somebody lay down for an hour; short pauses are shorter still. */
class LookClock extends TestClock {
  looks = 0;

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === HOUR_MS) this.looks += 1;
    return super.sleep(ms < 1_000 ? 0 : ms, signal);
  }
}

function openJanitor({ trustedAt }: { trustedAt?: number } = {}) {
  const clock = new LookClock();
  const asked: { kind: string; beforeMs: number; from: string | null }[] = [];
  const logged: LogFacts[] = [];
  const note = (facts: LogFacts) => void logged.push(facts);
  const pruned = new Map<string, number>();
  const swept: { keepMs: number; nowMs: number }[] = [];
  const sessions = {
    async forgetOldUploads(keepMs: number, nowMs: number) {
      swept.push({ keepMs, nowMs });
      return swept.length === 1 ? 2 : 0;
    },
  };
  let believedAt = trustedAt;
  const store: RetentionStore = {
    async prune(kind, beforeMs, from) {
      asked.push({ kind, beforeMs, from });
      // There is something of one kind, in three pieces.
      if (kind !== 'samples') return { removed: 0, next: null };
      return { removed: 10, next: from === null ? 'a' : from === 'a' ? 'b' : null };
    },
    trustedAt: async () => believedAt,
    async trust(at) {
      believedAt = at;
    },
  };
  const janitor = new Janitor({
    world: { ...world, retention: { ...world.retention, sessionsMs: 2 * DAY_MS, samplesMs: 90 * DAY_MS } },
    ...{ store, sessions, clock, log: { debug: note, info: note, warn: note, error: note } },
    onPruned: (kind, records) => pruned.set(kind, (pruned.get(kind) ?? 0) + records),
  });
  return { clock, asked, swept, logged, pruned, janitor, believed: () => believedAt };
}

/** Lets time pass until it has looked once more, and is done. */
async function pass(clock: LookClock, ms: number): Promise<void> {
  const { looks } = clock;
  clock.advance(ms);
  await expect.poll(() => clock.looks, { interval: 1 }).toBe(looks + 1);
}

it('forgets every kind by its own time, piece by piece, and says how much', async () => {
  const { clock, asked, swept, logged, pruned, janitor, believed } = openJanitor({
    trustedAt: new TestClock().nowMs(),
  });
  janitor.start();
  await pass(clock, 60_000);
  expect(new Set(asked.map(({ kind }) => kind))).toEqual(new Set(PRUNED_KINDS));
  expect(asked.filter(({ kind }) => kind === 'samples').map(({ from }) => from)).toEqual([null, 'a', 'b']);
  const [samples] = asked.filter(({ kind }) => kind === 'samples');
  expect(clock.nowMs() - (samples?.beforeMs ?? 0)).toBeLessThan(90 * DAY_MS + HOUR_MS);
  expect(clock.nowMs() - (samples?.beforeMs ?? 0)).toBeGreaterThanOrEqual(90 * DAY_MS);
  const audit = asked.find(({ kind }) => kind === 'audit');
  expect(Math.abs(clock.nowMs() - world.access.auditMs - (audit?.beforeMs ?? 0))).toBeLessThan(60_000);
  expect(swept).toMatchObject([{ keepMs: 2 * DAY_MS }]);
  const went = { samples: 30, sessions: 2 };
  expect(Object.fromEntries(pruned)).toEqual(went);
  expect(logged).toEqual(
    Object.entries(went).map(([what, records]) => expect.objectContaining({ event: 'forgotten', what, records })),
  );
  expect(believed()).toBeGreaterThan(clock.nowMs() - HOUR_MS);
  await janitor.stop();
  expect(clock.sleeping).toBe(0);
});

it('forgets nothing while the clock is doubted, says so once, and goes on when it was set right', async () => {
  const { clock, asked, swept, logged, janitor, believed } = openJanitor({ trustedAt: new TestClock().nowMs() });
  janitor.start();
  await pass(clock, 60_000);
  const [before, at] = [asked.length, believed()];
  clock.jump(365 * DAY_MS);
  for (let hour = 0; hour < 5; hour += 1) await pass(clock, HOUR_MS);
  expect(asked).toHaveLength(before);
  expect(swept).toHaveLength(1);
  expect(believed()).toBe(at);
  expect(logged.filter(({ event }) => event === 'nothing is forgotten for a day')).toHaveLength(1);
  clock.jump(-365 * DAY_MS);
  await pass(clock, HOUR_MS);
  expect(asked.length).toBeGreaterThan(before);
  await janitor.stop();
});

it('a jump in the middle of its work changes nothing of what it forgets', async () => {
  const { clock, asked, janitor } = openJanitor({ trustedAt: new TestClock().nowMs() });
  janitor.start();
  clock.advance(60_000);
  await expect.poll(() => asked.length).toBeGreaterThan(1);
  clock.jump(365 * DAY_MS);
  await expect.poll(() => clock.looks).toBe(1);
  expect(Math.max(...asked.map(({ beforeMs }) => beforeMs))).toBeLessThanOrEqual(clock.nowMs() - 365 * DAY_MS);
  await janitor.stop();
});

it('begins a day after a start when it cannot know how long the service was down', async () => {
  const { clock, asked, janitor } = openJanitor();
  janitor.start();
  for (let hour = 0; hour < 24; hour += 1) await pass(clock, HOUR_MS);
  expect(asked).toEqual([]);
  for (let hour = 0; hour < 3; hour += 1) await pass(clock, HOUR_MS);
  expect(asked.length).toBeGreaterThan(0);
  await janitor.stop();
});
