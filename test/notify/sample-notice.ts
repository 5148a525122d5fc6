import type { Notice } from '../../src/notify/notice.ts';

export function sampleNotice(change: Partial<Notice> = {}): Notice {
  return {
    event: 'transfer.failed',
    outcome: 'failed',
    stage: 'transfer',
    mood: 'bad',
    image: 'team/app:1.2.3',
    name: 'team/app',
    registry: 'singapore',
    detail: 'no byte moved for 30 s <b>&',
    at: Date.UTC(2026, 10, 26, 12),
    durationMs: 192_400,
    legs: [{ registry: 'aliyun', state: 'placed' }],
    link: 'https://entrepot.example/v1/pushes/push_1',
    count: 12,
    since: Date.UTC(2026, 10, 26, 9, 30),
    ...change,
  };
}

export const sampleDelivery = (change: Partial<Notice> = {}) => ({
  id: 'msg_1',
  event: 'transfer.failed',
  createdAt: Date.UTC(2026, 10, 26, 12),
  notice: sampleNotice(change),
});
