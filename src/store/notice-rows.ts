import { z } from 'zod';
import { DELIVERY_STATES, type Delivery } from '../notify/delivery.ts';
import type { Notice } from '../notify/notice.ts';
import { jsonColumn, parseRow } from './row-schema.ts';

/** What we wrote ourselves; a notice of another version may name events that this one does not know. */
const notice = z
  .looseObject({
    event: z.string(),
    outcome: z.string(),
    detail: z.string(),
    at: z.number(),
    legs: z.array(z.unknown()),
  })
  .transform((value) => value as unknown as Notice);

const deliveryRow = z.object({
  id: z.string(),
  receiver: z.string(),
  event: z.string(),
  noticeJson: jsonColumn(notice),
  state: z.enum(DELIVERY_STATES),
  attempts: z.number(),
  createdAt: z.number(),
  nextAttemptAt: z.number().nullable(),
  deadlineAt: z.number(),
  deliveredAt: z.number().nullable(),
  lastError: z.string().nullable(),
});

export function parseDelivery(row: unknown): Delivery {
  const { noticeJson, ...same } = parseRow(deliveryRow, row, 'a notice');
  return { ...same, notice: noticeJson };
}

const subscriptionRow = z.object({
  id: z.string(),
  receiver: z.string(),
  eventsJson: jsonColumn(z.array(z.string())),
  imagesJson: jsonColumn(z.array(z.string())),
  createdAt: z.number(),
  createdBy: z.string(),
});

export function parseSubscription(row: unknown) {
  const { eventsJson, imagesJson, ...same } = parseRow(subscriptionRow, row, 'a subscription');
  return { ...same, events: eventsJson, images: imagesJson };
}
