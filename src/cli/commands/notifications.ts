import { listItems, read } from '../api-calls.ts';
import { pageSchema } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatLocalTime } from '../instant-text.ts';
import { deliverySchema, subscriptionSchema } from '../notification-schema.ts';
import { renderTable } from '../table.ts';
import { enNotifications as words } from '../texts/en-notifications.ts';

const PATH = '/v1/notifications';
const DEFAULT_LIMIT = 50;

export type SubscribeOptions = { readonly event?: readonly string[]; readonly image?: readonly string[] };
export type DeliveriesOptions = { readonly receiver?: string; readonly state?: string; readonly limit?: number };

/** The subscriptions. */
export async function runNotifications(context: CliContext): Promise<number> {
  const { json, out, err } = context;
  const client = await context.openClient();
  const answer = await client.request({ method: 'GET', path: PATH });
  if (json) {
    out.printJson(answer);
    return EXIT_STATUS.done;
  }
  const { items } = read(pageOf, answer);
  if (items.length === 0) err.print(words.none);
  else {
    const { receiver, kind, events, images, by, id } = words.columns;
    const rows = items.map((one) => [
      one.receiver,
      one.kind ?? '',
      one.events.join(', '),
      one.images.join(', '),
      one.createdBy ?? words.configuration,
      one.id ?? '',
    ]);
    out.print(...renderTable(toTitles([receiver, kind, events, images, by, id]), rows));
  }
  return EXIT_STATUS.done;
}

export async function runSubscribe(context: CliContext, receiver: string, options: SubscribeOptions): Promise<number> {
  const { event: events, image: images } = options;
  const client = await context.openClient();
  const json = { receiver, ...(events === undefined ? {} : { events }), ...(images === undefined ? {} : { images }) };
  const answer = await client.request({ method: 'POST', path: PATH, json });
  const made = read(subscriptionSchema, answer);
  if (context.json) context.out.printJson(answer);
  else context.out.print(words.subscribed(made.receiver, made.id ?? ''));
  return EXIT_STATUS.done;
}

export async function runUnsubscribe(context: CliContext, id: string): Promise<number> {
  const client = await context.openClient();
  const answer = await client.request({ method: 'DELETE', path: `${PATH}/${encodeURIComponent(id)}` });
  const { receiver } = read(subscriptionSchema, answer);
  if (context.json) context.out.printJson(answer);
  else context.out.print(words.unsubscribed(receiver, id));
  return EXIT_STATUS.done;
}

export async function runDeliveries(context: CliContext, options: DeliveriesOptions): Promise<number> {
  const { json, out, err } = context;
  const { receiver, state, limit = DEFAULT_LIMIT } = options;
  const query = Object.entries({ receiver, state }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const client = await context.openClient();
  const items = await listItems(client, deliverySchema, { path: `${PATH}/deliveries`, query, limit });
  if (json) out.printJson({ items, next: null });
  else if (items.length === 0) err.print(words.noDeliveries);
  else {
    const columns = words.deliveryColumns;
    const rows = items.map((one) => [
      formatLocalTime(one.createdAt),
      one.receiver,
      one.state,
      String(one.attempts),
      one.lastError === null ? one.text : `${one.text} (${one.lastError})`,
    ]);
    const titles = [columns.at, columns.receiver, columns.state, columns.attempts, columns.text];
    out.print(...renderTable(toTitles(titles), rows));
  }
  return EXIT_STATUS.done;
}

export async function runNotificationTest(context: CliContext, receiver: string): Promise<number> {
  const client = await context.openClient();
  const answer = await client.request({ method: 'POST', path: `${PATH}/test`, json: { receiver } });
  if (context.json) context.out.printJson(answer);
  else context.out.print(words.testing(receiver));
  return EXIT_STATUS.done;
}

const pageOf = pageSchema(subscriptionSchema);

function toTitles(titles: readonly string[]) {
  return titles.map((title) => ({ title }));
}
