import { toTimestamp } from '../../kernel/clock.ts';
import type { Delivery, StoredSubscription } from '../../notify/delivery.ts';
import { toMessage } from '../../notify/message.ts';
import type { NoticeSubscription, NotifySettings } from '../../regions/notify-settings.ts';
import type { DeliveryAnswer, SubscriptionAnswer } from '../schema/notification-schema.ts';

export function presentDelivery(delivery: Delivery): DeliveryAnswer {
  const { id, receiver, event, notice, state, attempts, lastError } = delivery;
  const time = (ms: number | null) => (ms === null ? null : toTimestamp(ms));
  return {
    ...{ id, receiver, event, text: toMessage(notice).headline, state, attempts, lastError },
    createdAt: toTimestamp(delivery.createdAt),
    nextAttemptAt: time(delivery.nextAttemptAt),
    deadlineAt: toTimestamp(delivery.deadlineAt),
    deliveredAt: time(delivery.deliveredAt),
  };
}

export function presentSubscription(
  subscription: NoticeSubscription | StoredSubscription,
  { receivers }: Pick<NotifySettings, 'receivers'>,
): SubscriptionAnswer {
  const { receiver, events, images } = subscription;
  const stored = 'id' in subscription ? subscription : undefined;
  return {
    id: stored?.id ?? null,
    receiver,
    kind: receivers.find(({ name }) => name === receiver)?.kind ?? null,
    events: [...events],
    images: [...images],
    source: stored === undefined ? 'configuration' : 'api',
    createdAt: stored === undefined ? null : toTimestamp(stored.createdAt),
    createdBy: stored?.createdBy ?? null,
  };
}
