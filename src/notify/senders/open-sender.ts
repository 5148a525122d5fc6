import { Failure } from '../../kernel/failure.ts';
import type { ReceiverEntry, SmtpSettings } from '../../regions/notify-settings.ts';
import { dingtalkSender } from './dingtalk.ts';
import { emailSender } from './email.ts';
import { feishuSender } from './feishu.ts';
import type { Sender, SenderDependencies } from './sender.ts';
import { slackSender } from './slack.ts';
import { webhookSender } from './webhook.ts';

/** Opens nothing: connections are made and secrets read when there is something to send. */
export function openSender(receiver: ReceiverEntry, smtp: SmtpSettings | null, deps: SenderDependencies): Sender {
  switch (receiver.kind) {
    case 'slack':
      return slackSender(receiver, deps);
    case 'dingtalk':
      return dingtalkSender(receiver, deps);
    case 'feishu':
      return feishuSender(receiver, deps);
    case 'webhook':
      return webhookSender(receiver, deps);
    case 'email':
      if (smtp === null) throw new Failure('config_invalid', `the receiver ${receiver.name} needs notify.smtp`);
      return emailSender(receiver, smtp, deps);
  }
}
