import { describe, expect, it, test } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import { decideDelivery } from '../../src/notify/delivery-verdict.ts';
import { fold } from '../../src/notify/fold.ts';
import { toMessage } from '../../src/notify/message.ts';
import type { Occurrence } from '../../src/notify/notice.ts';
import { findSubscribed } from '../../src/notify/subscribed.ts';
import { sampleNotice } from './sample-notice.ts';

const HOUR = 3_600_000;

function occurrence(change: Partial<Occurrence> = {}): Occurrence {
  const { link: _, count: __, since: ___, event: ____, ...facts } = sampleNotice();
  return {
    ...facts,
    event: 'transfer.failed',
    path: null,
    trouble: 'transfer singapore team/app',
    at: 10 * HOUR,
    ...change,
  };
}

describe('folding', () => {
  const trouble = { key: 'transfer singapore team/app', since: 9 * HOUR, count: 4, toldAt: 9 * HOUR };
  test.each([
    ['bad, and new', {}, undefined, { count: 1, toldAt: 10 * HOUR }, { count: 1, since: null }],
    ['bad again', {}, trouble, { count: 5, toldAt: 9 * HOUR }, undefined],
    [
      'bad again, long after',
      { at: 15 * HOUR },
      trouble,
      { count: 5, toldAt: 15 * HOUR },
      { count: 5, since: 9 * HOUR },
    ],
    ['good after trouble', { mood: 'good', onlyAfterTrouble: true }, trouble, null, { count: 4, since: 9 * HOUR }],
    ['good without', { mood: 'good', onlyAfterTrouble: true }, undefined, null, undefined],
    ['good for its own sake', { mood: 'good' }, undefined, null, { count: 1, since: null }],
    ['of no trouble', { trouble: null }, undefined, null, { count: 1, since: null }],
  ] as const)('%s', (_, change, before, after, told) => {
    const folded = fold(occurrence(change), before, 6 * HOUR);
    if (after === null) expect(folded.trouble).toBeNull();
    else expect(folded.trouble).toMatchObject(after);
    expect(folded.told).toEqual(told);
  });
});

describe('who is told', () => {
  const team = { receiver: 'team', events: ['transfer.failed'], images: ['team/*'] } as const;
  const ops = { receiver: 'ops', events: ['*'], images: ['*'] } as const;
  test.each([
    ['a failure', { event: 'transfer.failed', name: 'team/app' }, ['team', 'ops']],
    ['its end', { event: 'transfer.recovered', ends: 'transfer.failed', name: 'team/app' }, ['team', 'ops']],
    ['another image', { event: 'transfer.failed', name: 'base/os' }, ['ops']],
    ['another event', { event: 'push.placed', name: 'team/app' }, ['ops']],
    ['no image', { event: 'transfer.failed', name: null }, ['team', 'ops']],
  ] as const)('of %s', (_, about, expected) => {
    expect(findSubscribed([team, ops, { ...ops, events: ['push.failed', '*'] }], about)).toEqual(expected);
  });
});

describe('what becomes of a delivery', () => {
  const delivery = { attempts: 3, deadlineAt: 1_000_000 };
  const failed = new Failure('receiver_failed', 'answered 500');
  test.each([
    ['taken', undefined, { state: 'delivered', attempts: 4, deliveredAt: 5_000, nextAttemptAt: null }],
    [
      'refused',
      failed,
      { state: 'pending', attempts: 4, nextAttemptAt: 5_000 + 8_000 * 0.75, lastError: 'answered 500' },
    ],
    ['asked to wait', failed.with({ retryAfterMs: 60_000 }), { state: 'pending', nextAttemptAt: 65_000 }],
    ['asked to wait too long', failed.with({ retryAfterMs: 2_000_000 }), { state: 'failed', nextAttemptAt: null }],
    ['gone', new Failure('receiver_gone', 'gone'), { state: 'failed', nextAttemptAt: null, lastError: 'gone' }],
  ])('%s', (_, failure, expected) => {
    expect(decideDelivery(delivery, failure, 5_000, () => 0.5)).toMatchObject(expected);
  });

  test('nobody is made to wait for longer than an hour', () => {
    const patient = { attempts: 3, deadlineAt: 86_400_000 };
    const change = decideDelivery(patient, failed.with({ retryAfterMs: 604_800_000 }), 5_000);
    expect(change).toMatchObject({ state: 'pending', nextAttemptAt: 5_000 + 3_600_000 });
  });
});

it('a message begins with outcome, stage and image, and nothing in it breaks a line', () => {
  const { headline, lines } = toMessage(sampleNotice({ detail: 'a\r\nBcc: b\u2028c\u202e' }));
  expect(headline).toBe('[failed][transfer][team/app:1.2.3] singapore: a Bcc: b c');
  expect(lines).toEqual(['failed 12 times since 2026-11-26 09:30 UTC', 'took 3 min 12 s', 'aliyun placed']);
  expect(toMessage(sampleNotice({ image: null, registry: null, stage: 'disk' })).headline).toMatch(
    /^\[failed\]\[disk\] no/,
  );
});
