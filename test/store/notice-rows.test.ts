import { describe, expect, it } from 'vitest';
import { presentDelivery } from '../../src/api/present/present-notification.ts';
import { parseDelivery } from '../../src/store/notice-rows.ts';
import { sampleNotice } from '../notify/sample-notice.ts';

const row = (notice: object) => ({
  ...{ id: 'msg_1', receiver: 'team', event: 'push.placed', noticeJson: JSON.stringify(notice), state: 'delivered' },
  ...{ attempts: 1, createdAt: 1, nextAttemptAt: null, deadlineAt: 2, deliveredAt: 1, lastError: null },
});
const textOf = (notice: object) => presentDelivery(parseDelivery(row(notice))).text;

describe('a notice that was written down', () => {
  const whole = sampleNotice({});

  it('is the same when it is read', () => {
    expect(parseDelivery(row(whole)).notice).toEqual(whole);
  });

  it.each(Object.keys(whole).filter((field) => !['event', 'outcome', 'at'].includes(field)))(
    'can be listed though another version said nothing of its %s',
    (field) => {
      expect(textOf({ ...whole, [field]: undefined })).toContain(`[${whole.outcome}][`);
    },
  );

  it('can be listed when it says as little as can be', () => {
    expect(textOf({ event: 'push.placed', outcome: 'placed', at: 1 })).toBe('[placed][push]');
  });

  it('can be listed when it is of a kind that this version does not know', () => {
    const unknown = {
      event: 'moon.rose',
      outcome: 'risen',
      mood: 'romantic',
      since: 9e15,
      detail: 'over korea',
      at: 1,
    };
    expect(textOf(unknown)).toBe('[risen][moon] over korea');
  });
});
