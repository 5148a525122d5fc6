import { createHmac } from 'node:crypto';
import type { SecretReference } from '../../regions/world.ts';
import { toMessage } from '../message.ts';
import { postJson } from './post-json.ts';
import type { Sender, SenderDependencies } from './sender.ts';
import { parseWebAddress } from './web-address.ts';

const ENCODED_SECRET = 'whsec_';

/**
 * A webhook as Standard Webhooks has it: `webhook-id` is the same at every attempt, `webhook-timestamp` seconds, and
 * `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookSender(
  receiver: { url: SecretReference | string; secret: SecretReference },
  { http, readSecret, clock }: SenderDependencies,
): Sender {
  return {
    async send({ id, event, notice, createdAt }, signal) {
      const { at, since, ...facts } = notice;
      const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
      const data = { ...facts, at: time(at), since: time(since), text: toMessage(notice).headline };
      const body = JSON.stringify({ type: event, timestamp: time(createdAt), data });
      const timestamp = String(Math.floor(clock.nowMs() / 1_000));
      const secret = (await readSecret(receiver.secret)).reveal();
      const key = secret.startsWith(ENCODED_SECRET)
        ? Buffer.from(secret.slice(ENCODED_SECRET.length), 'base64')
        : Buffer.from(secret);
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      const address = typeof receiver.url === 'string' ? receiver.url : (await readSecret(receiver.url)).reveal();
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
      const url = parseWebAddress(address).href;
      await postJson(http, { url, body, headers, signal, nowMs: clock.nowMs() });
    },
  };
}
