import { expect, test } from 'vitest';
import { entrepot } from '../support/command-line.ts';
import { json, problem, ScriptedApi } from '../support/scripted-api.ts';

const subscription = {
  id: null,
  receiver: 'team-slack',
  kind: 'slack',
  events: ['push.failed', 'transfer.failed'],
  images: ['team/*'],
  source: 'configuration',
  createdAt: null,
  createdBy: null,
};
const made = { ...subscription, id: 'sub_1', source: 'api', createdBy: 'ops' };
const delivery = {
  id: 'msg_1',
  receiver: 'team-slack',
  event: 'transfer.failed',
  text: '[failed][transfer][team/app:1.2.3] singapore: timed out',
  state: 'pending',
  attempts: 3,
  createdAt: '2026-03-03T07:20:00.000Z',
  lastError: 'the receiver answered 500',
};

test('subscriptions are listed with whose they are', async () => {
  await using api = await ScriptedApi.open();
  api.on('GET /v1/notifications', json({ items: [subscription, made], next: null }));
  const { exitCode, stdout } = await entrepot({ url: api.url }, 'notifications');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('team-slack  slack  push.failed, transfer.failed  team/*  configuration');
  expect(stdout).toMatch(/team-slack .* ops +sub_1/);
});

test('subscribe sends what was asked for, and unsubscribe takes it back', async () => {
  await using api = await ScriptedApi.open();
  api.on('POST /v1/notifications', json(made, 201));
  api.on('DELETE /v1/notifications/sub_1', json(made));
  const asked = [
    'subscribe',
    'team-slack',
    '--event',
    'push.failed',
    '--event',
    'transfer.failed',
    '--image',
    'team/*',
  ];
  const subscribed = await entrepot({ url: api.url }, 'notifications', ...asked);
  expect(subscribed.stdout).toBe('team-slack is told from now on (sub_1).\n');
  expect((await entrepot({ url: api.url }, 'notifications', 'unsubscribe', 'sub_1')).exitCode).toBe(0);
  expect(api.lines()).toEqual(['POST /v1/notifications', 'DELETE /v1/notifications/sub_1']);
});

test('deliveries say what did not arrive, and why', async () => {
  await using api = await ScriptedApi.open();
  api.on('GET /v1/notifications/deliveries', json({ items: [delivery], next: null }));
  const { stdout } = await entrepot({ url: api.url }, 'notifications', 'deliveries', '--state', 'pending');
  expect(stdout).toContain('team-slack  pending');
  expect(stdout).toContain('singapore: timed out (the receiver answered 500)');
  expect(api.lines()).toEqual(['GET /v1/notifications/deliveries?state=pending&limit=50']);
});

test('a test of a receiver that is not there fails', async () => {
  await using api = await ScriptedApi.open();
  api.on('POST /v1/notifications/test', problem(404, 'receiver_unknown', 'There is no receiver nobody'));
  const { exitCode, stderr } = await entrepot({ url: api.url }, 'notifications', 'test', 'nobody');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('There is no receiver nobody');
});
