import { z } from '@hono/zod-openapi';
import { DELIVERY_STATES } from '../../notify/delivery.ts';
import { isImagePattern } from '../../oci/image-pattern.ts';
import { NOTICE_EVENTS } from '../../regions/notify-settings.ts';
import { pageOf, pageQuery } from './page-schema.ts';
import { instantSchema } from './text-schema.ts';

const receiver = z
  .string()
  .min(1)
  .max(128)
  .openapi({ description: 'One of `notify.receivers`', example: 'team-slack' });
const ABOUT_IMAGES = 'Images and patterns; events that are about no image go by their name alone';
const images = z.array(z.string()).openapi({ description: ABOUT_IMAGES });
const newImages = z
  .array(
    z
      .string()
      .min(1)
      .max(255)
      .refine(isImagePattern, { error: 'is neither an image name nor a pattern such as team/*' }),
  )
  .min(1)
  .openapi({ description: ABOUT_IMAGES });

export const newSubscriptionSchema = z
  .strictObject({
    receiver,
    events: z
      .array(z.enum(['*', ...NOTICE_EVENTS]))
      .min(1)
      .default(['*']),
    images: newImages.default(['*']),
  })
  .openapi('NewSubscription');

export const subscriptionSchema = z
  .object({
    id: z.string().nullable().openapi({ description: 'Null for one of the configuration, which only it can change' }),
    receiver,
    kind: z.string().nullable().openapi({ description: 'Null where the configuration has the receiver no more' }),
    events: z.array(z.string()),
    images,
    source: z.enum(['configuration', 'api']),
    createdAt: instantSchema.nullable(),
    createdBy: z.string().nullable(),
  })
  .openapi('Subscription');

export const subscriptionPageSchema = pageOf(subscriptionSchema, 'SubscriptionPage');
export const subscriptionParams = z.strictObject({ id: z.string().min(1).max(128) });

export const deliverySchema = z
  .object({
    id: z.string().openapi({ description: 'The same at every attempt: what a receiver has had already it may ignore' }),
    receiver,
    event: z.string(),
    text: z.string().openapi({ example: '[failed][transfer][team/app:1.2.3] singapore: timed out' }),
    state: z.enum(DELIVERY_STATES),
    attempts: z.number().openapi({ type: 'integer' }),
    createdAt: instantSchema,
    nextAttemptAt: instantSchema.nullable(),
    deadlineAt: instantSchema,
    deliveredAt: instantSchema.nullable(),
    lastError: z.string().nullable(),
  })
  .openapi('Delivery');

export type DeliveryAnswer = z.output<typeof deliverySchema>;
export type SubscriptionAnswer = z.output<typeof subscriptionSchema>;

export const deliveryPageSchema = pageOf(deliverySchema, 'DeliveryPage');
export const deliveryQuery = z.strictObject({
  ...pageQuery,
  receiver: receiver.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
});
export const testNoticeSchema = z.strictObject({ receiver }).openapi('TestNotice');
