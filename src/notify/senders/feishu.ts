import { createHmac } from 'node:crypto';
import type { SecretReference } from '../../regions/world.ts';
import { toMessage } from '../message.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { postJson } from './post-json.ts';
import { requireTaken } from './robot-answer.ts';
import type { Sender, SenderDependencies } from './sender.ts';
import { parseWebAddress } from './web-address.ts';

const TEMPLATES = { bad: 'red', good: 'green', neutral: 'grey' } as const;

/**
 * A custom robot of Feishu or Lark. It is signed in the body: `timestamp` in seconds, and `sign`, the base64 of
 * HMAC-SHA256 over nothing, keyed by `timestamp`, a newline and the secret.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export function feishuSender(
  receiver: { url: SecretReference; secret: SecretReference | null },
  { http, readSecret, clock }: SenderDependencies,
): Sender {
  return {
    async send({ notice }, signal) {
      const { headline, lines, link, mood } = toMessage(notice);
      const text = [...lines.map(escapeMarkdown), ...(link === null ? [] : [`[${link.text}](${link.url})`])].join('\n');
      const card = {
        config: { wide_screen_mode: true },
        header: { template: TEMPLATES[mood], title: { tag: 'plain_text', content: headline } },
        elements: text === '' ? [] : [{ tag: 'markdown', content: text }],
      };
      const signed: Record<string, string> = {};
      if (receiver.secret !== null) {
        const timestamp = String(Math.floor(clock.nowMs() / 1_000));
        const key = `${timestamp}\n${(await readSecret(receiver.secret)).reveal()}`;
        Object.assign(signed, { timestamp, sign: createHmac('sha256', key).digest('base64') });
      }
      const body = JSON.stringify({ ...signed, msg_type: 'interactive', card });
      const url = parseWebAddress((await readSecret(receiver.url)).reveal()).href;
      requireTaken(await postJson(http, { url, body, signal, nowMs: clock.nowMs() }), 'code', 'msg');
    },
  };
}
