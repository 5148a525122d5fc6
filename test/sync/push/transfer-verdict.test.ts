import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import { judgeFailure, MAX_WAIT_MS } from '../../../src/sync/push/transfer-verdict.ts';

const passing = new Failure('connection_lost', 'sending was cut', { side: 'target', step: 'blob upload' });
const lasting = new Failure('manifest_invalid', 'it is no manifest', { side: 'source', step: 'manifest read' });
const leg = { attempts: 1, deadlineAt: 1_000_000, nowMs: 0 };

describe('what becomes of a leg whose attempt failed', () => {
  it('waits when the failure may pass', () => {
    expect(judgeFailure(passing, leg, () => 1)).toEqual({
      state: 'waiting',
      nextAttemptAt: 1_000,
      error: { code: 'connection_lost', detail: 'sending was cut', side: 'target', step: 'blob upload', at: 0 },
    });
  });

  it('fails at once when it will not', () => {
    expect(judgeFailure(lasting, leg)).toMatchObject({
      state: 'failed',
      nextAttemptAt: null,
      error: { code: 'manifest_invalid', side: 'source' },
    });
  });

  it('fails when the next attempt would come after the deadline, saying what the last one ran into', () => {
    const verdict = judgeFailure(passing, { attempts: 12, deadlineAt: 1_000, nowMs: 999 });
    expect(verdict).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });
    expect(verdict.error?.detail).toContain('after 12 attempts; the last one: sending was cut');
  });

  it('pauses for a full disk rather than failing', () => {
    expect(judgeFailure(new Failure('disk_full', 'no space'), leg).state).toBe('waiting');
    expect(judgeFailure(new Failure('depot_full', 'no room'), leg).state).toBe('waiting');
  });

  it('waits as long as the registry asked, within bounds', () => {
    const asked = (retryAfterMs: number) =>
      judgeFailure(new Failure('remote_rate_limited', 'later', { retryAfterMs }), leg, () => 0).nextAttemptAt;
    expect(asked(30_000)).toBe(30_000);
    expect(asked(86_400_000)).toBe(MAX_WAIT_MS);
  });

  it('waits longer from attempt to attempt, never longer than the bound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, random) => {
          const wait =
            judgeFailure(passing, { attempts, deadlineAt: Number.MAX_SAFE_INTEGER, nowMs: 0 }, () => random)
              .nextAttemptAt ?? -1;
          const ceiling = Math.min(1_000 * 2 ** (attempts - 1), MAX_WAIT_MS);
          expect(wait).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
          expect(wait).toBeLessThanOrEqual(ceiling);
        },
      ),
    );
  });
});
