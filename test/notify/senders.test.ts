import { createHmac } from 'node:crypto';
import { afterAll, expect, it, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { openSender } from '../../src/notify/senders/open-sender.ts';
import type { ReceiverEntry } from '../../src/regions/notify-settings.ts';
import type { SecretReference } from '../../src/regions/world.ts';
import { openNoticeReceiver, type ReceiverAnswer } from './notice-receiver.ts';
import { sampleDelivery } from './sample-notice.ts';

const http = openHttpClient();
afterAll(() => http.close());
const secret: SecretReference = { from: 'env', name: 'SECRET' };
const url: SecretReference = { from: 'env', name: 'URL' };
const HEADLINE = '[failed][transfer][team/app:1.2.3] singapore: no byte moved for 30 s <b>&';

async function send(entry: ReceiverEntry, address: string, key = 'quiet', change = {}) {
  const readSecret = async ({ name }: SecretReference) => new Secret(name === 'URL' ? address : key);
  const sender = openSender(entry, null, { http, readSecret, clock: systemClock });
  await sender.send(sampleDelivery(change), AbortSignal.timeout(10_000));
}

it('Slack shows a failure in red, escaped, with a link', async () => {
  await using receiver = await openNoticeReceiver();
  await send({ name: 's', kind: 'slack', url }, `${receiver.url}/services/T0/B0/key`);
  const [{ path, body }] = receiver.received as [(typeof receiver.received)[0]];
  expect(path).toBe('/services/T0/B0/key');
  const [{ color, text, fallback }] = body.attachments;
  expect(color).toBe('#d00000');
  expect(fallback).toBe(HEADLINE.replace('<b>&', '&lt;b&gt;&amp;'));
  expect(text.split('\n')).toEqual([
    `*${fallback}*`,
    'failed 12 times since 2026-11-26 09:30 UTC',
    'took 3 min 12 s',
    'aliyun placed',
    '<https://entrepot.example/v1/pushes/push_1|details>',
  ]);
  await send({ name: 's', kind: 'slack', url }, receiver.url, '', { mood: 'good' });
  expect(receiver.received[1]?.body.attachments[0].color).not.toBe(color);
});

it('a DingTalk robot can verify what it is sent', async () => {
  await using receiver = await openNoticeReceiver();
  receiver.answerAlways({ body: { errcode: 0, errmsg: 'ok' } });
  await send({ name: 'd', kind: 'dingtalk', url, secret }, `${receiver.url}/robot/send?access_token=t`, 'SEC1');
  const [{ path, body }] = receiver.received as [(typeof receiver.received)[0]];
  const query = new URL(path, 'http://x').searchParams;
  const timestamp = query.get('timestamp') ?? '';
  expect(query.get('access_token')).toBe('t');
  expect(Math.abs(Date.now() - Number(timestamp))).toBeLessThan(60_000);
  expect(query.get('sign')).toBe(createHmac('sha256', 'SEC1').update(`${timestamp}\nSEC1`).digest('base64'));
  expect(body.msgtype).toBe('markdown');
  expect(body.markdown.title).toBe(HEADLINE);
  expect(body.markdown.text).toContain('<font color="#d00000">\\[failed\\]\\[transfer\\]');
  expect(body.markdown.text).not.toContain('<b>');
});

it('a Feishu robot can verify what it is sent', async () => {
  await using receiver = await openNoticeReceiver();
  receiver.answerAlways({ body: { code: 0, msg: 'success' } });
  await send({ name: 'f', kind: 'feishu', url, secret }, receiver.url, 'key');
  const [{ body }] = receiver.received as [(typeof receiver.received)[0]];
  expect(body.sign).toBe(createHmac('sha256', `${body.timestamp}\nkey`).digest('base64'));
  expect(body.timestamp).toMatch(/^\d{10}$/);
  expect(body.card.header).toEqual({ template: 'red', title: { tag: 'plain_text', content: HEADLINE } });
});

test.each([
  ['dingtalk', { errcode: 310000, errmsg: 'sign not match' }],
  ['feishu', { code: 19021, msg: 'sign match fail' }],
] as const)('what a robot of %s refuses with 200 is refused', async (kind, body) => {
  await using receiver = await openNoticeReceiver();
  receiver.answerAlways({ body });
  await expect(send({ name: 'r', kind, url, secret: null }, receiver.url)).rejects.toThrow(/sign/);
});

test.each([
  [
    'in base64',
    `whsec_${Buffer.from('a secret of some length').toString('base64')}`,
    Buffer.from('a secret of some length'),
  ],
  ['as text', 'plain text', Buffer.from('plain text')],
])('a webhook can be verified with a secret %s', async (_, given, key) => {
  await using receiver = await openNoticeReceiver();
  await send({ name: 'w', kind: 'webhook', url: `${receiver.url}/hook`, secret }, '', given);
  const [{ headers, text, body }] = receiver.received as [(typeof receiver.received)[0]];
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(headers['webhook-id']).toBe('msg_1');
  expect(body).toMatchObject({
    type: 'transfer.failed',
    timestamp: '2026-11-26T12:00:00.000Z',
    data: { text: HEADLINE, registry: 'singapore', count: 12, since: '2026-11-26T09:30:00.000Z' },
  });
});

test.each<[string, ReceiverAnswer, object]>([
  [
    'asks for patience',
    { status: 429, headers: { 'retry-after': '7' } },
    { code: 'receiver_failed', details: { retryAfterMs: 7_000 } },
  ],
  ['is gone', { status: 410 }, { code: 'receiver_gone' }],
  ['fails', { status: 500, body: { why: 'x'.repeat(5_000) } }, { code: 'receiver_failed' }],
])('a receiver that %s', async (_, answer, expected) => {
  await using receiver = await openNoticeReceiver();
  receiver.answerAlways(answer);
  await expect(send({ name: 's', kind: 'slack', url }, receiver.url)).rejects.toMatchObject(expected);
});

it('follows no redirect', async () => {
  await using elsewhere = await openNoticeReceiver();
  await using receiver = await openNoticeReceiver();
  receiver.answerAlways({ status: 307, headers: { location: elsewhere.url } });
  await expect(send({ name: 's', kind: 'slack', url }, receiver.url)).rejects.toThrow('307, a redirect');
  expect(elsewhere.received).toEqual([]);
});

it('trusts no certificate that nobody vouches for, and tells no address', async () => {
  await using receiver = await openNoticeReceiver({ tls: true });
  const sent = send({ name: 's', kind: 'slack', url }, `${receiver.url}/services/key`);
  await expect(sent).rejects.toThrow('could not be reached (tls_failed)');
  expect(receiver.received).toEqual([]);
  await expect(send({ name: 's', kind: 'slack', url }, 'no address, hush')).rejects.not.toThrow(/hush/);
});
