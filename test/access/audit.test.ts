import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { AuditAnswer } from '../../src/api/schema/audit-schema.ts';
import { entrepot } from '../cli/support/command-line.ts';
import { openTestRegistry } from '../support/registry.ts';
import { pushImage, seedImage } from '../support/seed-image.ts';
import { openTestService, type TestServiceOptions } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TestClock } from '../support/test-clock.ts';
import { makeImage } from '../support/test-image.ts';

const PATIENT = { timeout: 20_000 };
const NOBODY = { aliyun: { url: 'http://127.0.0.1:9' }, singapore: { url: 'http://127.0.0.1:9' } };

async function entries(api: ServiceApi, query = ''): Promise<readonly AuditAnswer[]> {
  const { body } = await api.send('GET', `/v1/audit${query}`);
  return (body as { items: AuditAnswer[] }).items;
}

test('what was done is told with who, to what, from where, and how it ended', async () => {
  await using source = await openTestRegistry();
  await using home = await openTestRegistry();
  await using service = await openTestService({
    registries: { aliyun: { url: home.url }, singapore: { url: 'http://127.0.0.1:9' } },
    source,
    choose: 'singapore',
  });
  const { api } = service;
  await seedImage(source, 'team/app', '1', makeImage());
  const ops = await api.withToken({ role: 'ops', name: 'mei' });
  const ci = await api.withToken({ role: 'ci', name: 'ci-team', images: ['team/*'] });

  const { id } = await ci.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await ops.send('PUT', '/v1/images/team%2Fapp/choice', {
    registry: 'singapore',
    reason: 'steady',
    evidence: { big: 1 },
  });
  await ops.send('PUT', '/v1/choices/team%2F*', { registry: 'mars' });
  await ci.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'aliyun' });
  await ci.send('PUT', '/v1/choices/team%2F*', { registry: 'aliyun' });
  await ci.send('DELETE', '/v1/tokens/tok_1');
  await ci.send('PUT', '/v1/images/team%0Aapp/choice', { registry: 'aliyun' });
  await ci.send('POST', `/v1/pushes/${id}/cancel`);
  await pushImage(ci, 'team/door', '1', makeImage());
  await ci.fetch('/v2/team/door/manifests/1', { method: 'DELETE' });
  const { items } = (await api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
  await api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'ci-team')?.id}`);

  const all = (await entries(api)).toReversed();
  const short = all.map(({ who, action, about, outcome, code }) => [who, action, about, outcome, code]);
  expect(short).toEqual([
    [null, 'configuration.change', null, 'done', null],
    [null, 'token.create', 'admin', 'done', null],
    ['admin', 'token.create', 'mei', 'done', null],
    ['admin', 'token.create', 'ci-team', 'done', null],
    ['ci-team', 'push.create', 'team/app', 'done', null],
    ['mei', 'choice.set', 'team/app', 'done', null],
    ['mei', 'choice.set', 'team/*', 'failed', 'registry_unknown'],
    ['ci-team', 'choice.set', 'team/app', 'refused', 'forbidden'],
    ['ci-team', 'choice.set', 'team/*', 'refused', 'forbidden'],
    ['ci-team', 'token.revoke', 'tok_1', 'refused', 'forbidden'],
    // What is no name is nothing that something was done to.
    ['ci-team', 'choice.set', null, 'refused', 'forbidden'],
    ['ci-team', 'push.cancel', 'team/app', 'done', null],
    ['ci-team', 'door.push', 'team/door', 'done', null],
    ['ci-team', 'door.delete', 'team/door', 'refused', 'forbidden'],
    ['admin', 'token.revoke', 'ci-team', 'done', null],
  ]);
  expect(all[1]?.detail).toEqual({ role: 'admin', source: 'ENTREPOT_ADMIN_TOKEN' });
  expect(all[4]).toMatchObject({
    role: 'ci',
    via: 'token',
    address: '127.0.0.1',
    detail: { image: 'team/app:1', source: 'harbor.bj/team/app:1', result: `/v1/pushes/${id}` },
    requestId: expect.stringMatching(/./),
    count: 1,
  });
  expect(all[5]?.detail).toEqual({ name: 'team/app', registry: 'singapore', reason: 'steady' });
  expect(all[11]?.detail).toEqual({ id });
  expect(JSON.stringify(all)).not.toContain(ci.token);

  expect((await entries(api, '?who=mei')).map(({ outcome }) => outcome)).toEqual(['failed', 'done']);
  expect(await entries(api, '?about=team/door&outcome=done')).toHaveLength(1);
  expect(await entries(api, `?since=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`)).toEqual([]);
  expect((await api.send('GET', '/v1/audit?action=nothing')).status).toBe(400);
});

test('all of it as JSON lines, by the API and by the command line', async () => {
  await using service = await openTestService({ registries: NOBODY });
  const { api } = service;
  for (let n = 0; n < 12; n += 1) await api.withToken({ role: 'ops', name: `ops-${n}` });
  const answer = await api.fetch('/v1/audit?format=jsonl&action=token.create');
  expect(answer.headers.get('content-type')).toContain('application/jsonl');
  const lines = (await answer.text()).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).about)).toEqual([
    ...Array.from({ length: 12 }, (_, n) => `ops-${11 - n}`),
    'admin',
  ]);
  const env = { ENTREPOT_URL: api.url, ENTREPOT_TOKEN: api.token };
  const CREATED = ['audit', '--action', 'token.create'] as const;
  const exported = await entrepot({ env }, ...CREATED, '--jsonl');
  expect(exported).toEqual({ exitCode: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });
  const items = lines.map((line) => JSON.parse(line));
  expect(JSON.parse((await entrepot({ env }, ...CREATED, '--json')).stdout)).toEqual({ items, next: null });
  const newest = await entrepot({ env }, ...CREATED, '--json', '--limit', '2');
  expect(JSON.parse(newest.stdout)).toEqual({ items: items.slice(0, 2), next: null });
  const nothing = await entrepot({ env }, 'audit', '--who', 'nobody', '--json');
  expect(JSON.parse(nothing.stdout)).toEqual({ items: [], next: null });
  const table = await entrepot({ env }, 'audit', '--about', 'ops-3');
  expect(table.stdout).toMatch(/admin .*token\.create .*ops-3 .*done/);
  expect((await entrepot({ env }, 'audit', '--who', 'nobody')).stderr).toContain('nothing');
});

test('failed logins from one address are one entry, then one for all that follow', async () => {
  const clock = new TestClock();
  await using service = await openTestService({ registries: NOBODY, clock });
  const guess = () => service.api.as('guess').send('GET', '/v1/images');
  for (let n = 0; n < 5; n += 1) await guess();
  const logins = () => entries(service.api, '?action=login');
  await expect.poll(logins, PATIENT).toEqual([
    expect.objectContaining({
      who: null,
      address: '127.0.0.1',
      outcome: 'refused',
      code: 'unauthenticated',
      count: 1,
    }),
  ]);
  clock.advance(11 * 60_000);
  await expect.poll(async () => (await logins()).map(({ count }) => count), PATIENT).toEqual([4, 1]);
  await guess();
  await expect.poll(async () => (await logins()).map(({ count }) => count), PATIENT).toEqual([1, 4, 1]);
});

test('what changed in the configuration between two starts is told in words', async () => {
  await using folder = await openTempFolder('audit');
  const start = (more: TestServiceOptions['more']) =>
    openTestService({ registries: NOBODY, folder: folder.path, ...(more === undefined ? {} : { more }) });
  const changes = async (api: ServiceApi) =>
    (await entries(api, '?action=configuration.change')).map(({ detail }) => detail?.changes);
  await using first = await start(undefined);
  expect(await changes(first.api)).toEqual([['first start']]);
  await first.stop();
  await using same = await start(undefined);
  expect(await changes(same.api)).toEqual([['first start']]);
  await same.stop();
  await using other = await start({ failover: { after: '1s', back: '15m' }, access: { anonymous: 'read' } });
  expect((await changes(other.api))[0]).toEqual(['failover.afterMs: 180000 → 1000', 'access.anonymous: none → read']);
});

test('entries cannot be changed', async () => {
  await using folder = await openTempFolder('audit');
  await using service = await openTestService({ registries: NOBODY, folder: folder.path });
  await service.api.withToken({ role: 'ops', name: 'old' });
  await service.stop();
  const database = new Database(join(folder.path, 'entrepot.db'));
  expect(() => database.prepare("update audit set who = 'nobody'").run()).toThrow('never changed');
  database.close();
});
