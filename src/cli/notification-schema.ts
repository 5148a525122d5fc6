import { z } from 'zod';
import { count, text } from './answer-fields.ts';

/** A subscription, as far as it is shown; what else is in it passes through. */
export const subscriptionSchema = z.looseObject({
  id: text,
  receiver: z.string(),
  kind: text,
  events: z.array(z.string()),
  images: z.array(z.string()),
  createdBy: text,
});

export const deliverySchema = z.looseObject({
  id: z.string(),
  receiver: z.string(),
  text: z.string(),
  state: z.string(),
  attempts: count,
  createdAt: z.string(),
  lastError: text,
});
