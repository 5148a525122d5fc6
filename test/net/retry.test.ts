import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/clock.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { withRetry } from '../../src/net/retry.ts';
import { parseRetryAfter } from '../../src/net/retry-after.ts';

/** A clock on which sleeping takes no time, and that remembers the sleeps. */
function openSteppingClock(): Clock & { sleeps: number[] } {
  let nowMs = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    nowMs: () => nowMs,
    elapsedMs: () => nowMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      nowMs += ms;
    },
  };
}

const lost = new Failure('connection_lost', 'gone');

describe('withRetry', () => {
  it('tries again while the failure allows it, waiting evenly drawn parts of a growing bound', async () => {
    const clock = openSteppingClock();
    const attempts: number[] = [];
    const answer = await withRetry(
      async (n) => {
        attempts.push(n);
        if (n < 5) throw lost;
        return 'ok';
      },
      { attempts: 5, minMs: 100, maxMs: 300, clock, random: () => 0.5 },
    );
    expect([answer, attempts, clock.sleeps]).toEqual(['ok', [1, 2, 3, 4, 5], [50, 100, 150, 150]]);
  });

  it('throws the failure itself when trying again cannot help, or attempts run out', async () => {
    const clock = openSteppingClock();
    const denied = new Failure('remote_refused', 'no');
    let attempts = 0;
    await expect(withRetry(async () => Promise.reject(denied), { clock })).rejects.toBe(denied);
    await expect(
      withRetry(
        async () => {
          attempts += 1;
          throw lost;
        },
        { attempts: 3, clock },
      ),
    ).rejects.toBe(lost);
    expect(attempts).toBe(3);
    const defect = new TypeError('a defect');
    await expect(withRetry(async () => Promise.reject(defect), { clock })).rejects.toBe(defect);
  });

  it('asks shouldRetry in place of the table', async () => {
    const clock = openSteppingClock();
    let attempts = 0;
    await expect(
      withRetry(
        async () => {
          attempts += 1;
          throw new Failure('remote_refused', 'no');
        },
        { attempts: 3, clock, shouldRetry: () => true },
      ),
    ).rejects.toThrow('no');
    expect(attempts).toBe(3);
  });

  it('waits at least as long as the remote asked', async () => {
    const clock = openSteppingClock();
    await withRetry(
      async (n) => {
        if (n === 1) throw new Failure('remote_rate_limited', 'slow down', { retryAfterMs: 7_000 });
      },
      { clock, minMs: 100, random: () => 0.5 },
    );
    expect(clock.sleeps).toEqual([7_050]);
  });

  it('begins no attempt after the deadline', async () => {
    const clock = openSteppingClock();
    let attempts = 0;
    await expect(
      withRetry(
        async () => {
          attempts += 1;
          throw lost;
        },
        { deadlineMs: 1_000, minMs: 300, maxMs: 300, jitter: false, clock },
      ),
    ).rejects.toBe(lost);
    expect([attempts, clock.sleeps]).toEqual([4, [300, 300, 300]]);
    const limited = new Failure('remote_rate_limited', 'later', { retryAfterMs: 2_000 });
    await expect(withRetry(async () => Promise.reject(limited), { deadlineMs: 1_000, clock })).rejects.toBe(limited);
  });

  it('is cancelled by its signal', async () => {
    const clock = openSteppingClock();
    const abort = new AbortController();
    const attempt = withRetry(
      async () => {
        abort.abort(new Error('enough'));
        throw lost;
      },
      { clock, signal: abort.signal },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'cancelled', details: { cause: new Error('enough') } });
    await expect(withRetry(async () => 'never', { clock, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('parseRetryAfter', () => {
  const nowMs = Date.parse('2026-11-23T10:00:00Z');
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['99999999', 3_600_000],
    ['Mon, 23 Nov 2026 10:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['Sat, 23 Nov 2030 09:00:00 GMT', 3_600_000],
    ['soon', undefined],
    ['-5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s → %s', (header, expected) => expect(parseRetryAfter(header, nowMs)).toBe(expected));
});
