import { en } from '../../notify/texts/en.ts';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentDelivery, presentSubscription } from '../present/present-notification.ts';
import type { ApiApp } from '../request-context.ts';
import {
  deliveryPageSchema,
  deliveryQuery,
  deliverySchema,
  newSubscriptionSchema,
  subscriptionPageSchema,
  subscriptionParams,
  subscriptionSchema,
  testNoticeSchema,
} from '../schema/notification-schema.ts';

/** Who is told what happens, and whether it arrived. */
export function mountNotifications(
  app: ApiApp,
  { notifier, notices, world }: Pick<ApiServices, 'notifier' | 'notices' | 'world'>,
): void {
  const settings = world.notify;
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/notifications',
      operationId: 'listSubscriptions',
      permission: 'notification.read',
      tag: 'notifications',
      summary: 'List subscriptions, those of the configuration first',
      answers: { 200: jsonAnswer('All of them', subscriptionPageSchema) },
      failures: [],
    },
    async (c) => {
      const all = [...settings.subscriptions, ...notifier.subscriptions];
      return c.json({ items: all.map((one) => presentSubscription(one, settings)), next: null });
    },
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/notifications',
      operationId: 'subscribe',
      permission: 'notification.write',
      audit: 'notification.subscribe',
      tag: 'notifications',
      summary: 'Have a receiver of the configuration told of events',
      body: newSubscriptionSchema,
      answers: { 201: jsonAnswer('The subscription', subscriptionSchema) },
      failures: ['validation_failed', 'receiver_unknown'],
    },
    async (c, { body }, caller) => {
      const subscription = await notifier.subscribe(body, caller.name);
      c.set('about', subscription.receiver);
      const location = `/v1/notifications/${subscription.id}`;
      return c.json(presentSubscription(subscription, settings), 201, { location });
    },
  );

  mountOperation(
    app,
    {
      method: 'delete',
      path: '/v1/notifications/{id}',
      operationId: 'unsubscribe',
      permission: 'notification.write',
      audit: 'notification.unsubscribe',
      tag: 'notifications',
      summary: 'Take a subscription back',
      params: subscriptionParams,
      answers: { 200: jsonAnswer('The one that was', subscriptionSchema) },
      failures: ['subscription_unknown'],
    },
    async (c, { params: { id } }) => {
      const subscription = await notifier.unsubscribe(id);
      c.set('about', subscription.receiver);
      return c.json(presentSubscription(subscription, settings));
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/notifications/deliveries',
      operationId: 'listDeliveries',
      permission: 'notification.read',
      tag: 'notifications',
      summary: 'List notices and whether they arrived, newest first',
      description: 'What has arrived, or was given up, is kept for 30 days.',
      query: deliveryQuery,
      answers: { 200: jsonAnswer('A page of deliveries', deliveryPageSchema) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor, receiver, state } }) => {
      const page = await notices.listDeliveries(
        { ...(receiver === undefined ? {} : { receiver }), ...(state === undefined ? {} : { state }) },
        { limit, ...(cursor === undefined ? {} : { cursor }) },
      );
      return c.json({ items: page.items.map(presentDelivery), next: page.next });
    },
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/notifications/test',
      operationId: 'testReceiver',
      permission: 'notification.write',
      audit: 'none',
      tag: 'notifications',
      summary: 'Send a receiver a notice that says that it is a test',
      description: 'Answered before it is tried: the list of deliveries says what became of it.',
      body: testNoticeSchema,
      answers: { 202: jsonAnswer('The delivery', deliverySchema) },
      failures: ['validation_failed', 'receiver_unknown'],
    },
    async (c, { body: { receiver } }) => c.json(presentDelivery(await notifier.test(receiver, en.test)), 202),
  );
}
