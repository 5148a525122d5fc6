import type { SecretReference } from '../../regions/world.ts';
import { toMessage } from '../message.ts';
import { postJson } from './post-json.ts';
import type { Sender, SenderDependencies } from './sender.ts';
import { parseWebAddress } from './web-address.ts';

const COLORS = { bad: '#d00000', good: '#2eb886', neutral: '#8a8a8a' } as const;

/**
 * An incoming webhook of Slack, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; the colour
 * is that of an attachment, https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments.
 */
export function slackSender(
  receiver: { url: SecretReference },
  { http, readSecret, clock }: SenderDependencies,
): Sender {
  return {
    async send({ notice }, signal) {
      const { headline, lines, link, mood } = toMessage(notice);
      const text = [...lines.map(escapeSlack), ...(link === null ? [] : [`<${link.url}|${link.text}>`])].join('\n');
      const title = escapeSlack(headline);
      const attachment = {
        color: COLORS[mood],
        fallback: title,
        text: `*${title}*\n${text}`.trim(),
        mrkdwn_in: ['text'],
      };
      const url = parseWebAddress((await readSecret(receiver.url)).reveal()).href;
      // A receiver shows the attachment; notifications on phones show its fallback.
      await postJson(http, { url, body: JSON.stringify({ attachments: [attachment] }), signal, nowMs: clock.nowMs() });
    },
  };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
