import { createHmac } from 'node:crypto';
import type { SecretReference } from '../../regions/world.ts';
import { toMessage } from '../message.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { postJson } from './post-json.ts';
import { requireTaken } from './robot-answer.ts';
import type { Sender, SenderDependencies } from './sender.ts';
import { parseWebAddress } from './web-address.ts';

const COLORS = { bad: '#d00000', good: '#2e8b57', neutral: '#555555' } as const;

/**
 * A custom robot of DingTalk. It is signed in the address: `timestamp` in milliseconds, and `sign`, the base64 of
 * HMAC-SHA256 over `timestamp`, a newline and the secret, keyed by the secret.
 * https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export function dingtalkSender(
  receiver: { url: SecretReference; secret: SecretReference | null },
  { http, readSecret, clock }: SenderDependencies,
): Sender {
  return {
    async send({ notice }, signal) {
      const { headline, lines, link, mood } = toMessage(notice);
      const paragraphs = [
        `#### <font color="${COLORS[mood]}">${escapeMarkdown(headline)}</font>`,
        ...lines.map(escapeMarkdown),
        ...(link === null ? [] : [`[${link.text}](${link.url})`]),
      ];
      const body = JSON.stringify({
        msgtype: 'markdown',
        markdown: { title: headline, text: paragraphs.join('\n\n') },
      });
      const url = parseWebAddress((await readSecret(receiver.url)).reveal());
      if (receiver.secret !== null) {
        const secret = (await readSecret(receiver.secret)).reveal();
        const timestamp = String(clock.nowMs());
        url.searchParams.set('timestamp', timestamp);
        url.searchParams.set('sign', createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64'));
      }
      requireTaken(await postJson(http, { url: url.href, body, signal, nowMs: clock.nowMs() }), 'errcode', 'errmsg');
    },
  };
}
