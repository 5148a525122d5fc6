import { z } from 'zod';
import { DELIVERY_STATES, type Delivery } from '../notify/delivery.ts';
import type { Notice } from '../notify/notice.ts';
import { jsonColumn, parseRow } from './row-schema.ts';

// What Date can say, ECMA-262, section 21.4.1.1.
const MOST_MS = 8.64e15;
const instant = z.number().min(-MOST_MS).max(MOST_MS);

/**
 * What we wrote ourselves. A notice of another version may name events that this one does not know, and say less or more
 * than this one would: what is missing is as if there was nothing to say.
 */
const notice = z
  .looseObject({
    event: z.string(),
    outcome: z.string(),
    stage: z.string().optional(),
    mood: z.enum(['bad', 'good', 'neutral']).catch('neutral'),
    image: z.string().nullable().default(null),
    name: z.string().nullable().default(null),
    registry: z.string().nullable().default(null),
    detail: z.string().default(''),
    at: z.number(),
    durationMs: z.number().nullable().default(null),
    legs: z.array(z.object({ registry: z.string(), state: z.string() })).default([]),
    link: z.string().nullable().default(null),
    count: z.number().default(1),
    since: instant.nullable().catch(null),
  })
  .transform(({ stage, ...value }) => ({ stage: stage ?? value.event.split('.', 1)[0], ...value }) as Notice);

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
