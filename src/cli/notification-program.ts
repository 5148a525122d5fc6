import { type Command, Option } from 'commander';
import type { DeliveriesOptions, SubscribeOptions } from './commands/notifications.ts';
import { optionValue, optionValues } from './option-values.ts';
import type { RunCommand } from './program.ts';
import { parseLimit } from './push-options.ts';
import { notificationsHelp as help } from './texts/en-notifications.ts';
import type { Texts } from './texts/texts.ts';

type About = { readonly summary: string; readonly description: string; readonly examples: readonly string[] };

const load = () => import('./commands/notifications.ts');

/** `notifications` and the commands below it. */
export function defineNotificationCommands(
  define: (usage: string, about: About) => Command,
  defineBelow: (parent: Command, usage: string, about: About) => Command,
  texts: Texts,
  run: RunCommand,
): void {
  const notifications = define('notifications', help.notifications).action(() =>
    run(async (context) => (await load()).runNotifications(context)),
  );

  defineBelow(notifications, 'subscribe', help.subscribe)
    .argument('<receiver>', help.subscribe.receiver)
    .addOption(new Option('--event <event>', help.subscribe.event).argParser(optionValues(String)))
    .addOption(new Option('--image <pattern>', help.subscribe.image).argParser(optionValues(String)))
    .action((receiver: string, options: SubscribeOptions) =>
      run(async (context) => (await load()).runSubscribe(context, receiver, options)),
    );

  defineBelow(notifications, 'unsubscribe', help.unsubscribe)
    .argument('<subscription>', help.unsubscribe.id)
    .action((id: string) => run(async (context) => (await load()).runUnsubscribe(context, id)));

  defineBelow(notifications, 'deliveries', help.deliveries)
    .option('--receiver <receiver>', help.deliveries.receiver)
    .addOption(new Option('--state <state>', help.deliveries.state).choices(['pending', 'delivered', 'failed']))
    .addOption(
      new Option('--limit <count>', help.deliveries.limit).argParser(optionValue((text) => parseLimit(text, texts))),
    )
    .action((options: DeliveriesOptions) => run(async (context) => (await load()).runDeliveries(context, options)));

  defineBelow(notifications, 'test', help.test)
    .argument('<receiver>', help.test.receiver)
    .action((receiver: string) => run(async (context) => (await load()).runNotificationTest(context, receiver)));
}
