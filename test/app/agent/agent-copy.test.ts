import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AgentPart } from '../../../src/app/agent/agent-part.ts';
import { openAgentParts } from '../../../src/app/agent/agent-parts.ts';
import { readSnapshot } from '../../../src/app/agent/read-snapshot.ts';
import { openServiceLink } from '../../../src/app/agent/service-link.ts';
import { openSnapshotKey } from '../../../src/app/snapshot/snapshot-key.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import type { Log, LogFacts } from '../../../src/telemetry/log.ts';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { ServiceApi } from '../../support/service-api.ts';
import { writeServiceConfig } from '../../support/service-config.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';
import { TEST_TOKEN } from '../../support/test-token.ts';

const AUTH = { kind: 'basic', username: 'reader', password: 'open sesame' } as const;
const STALE = '110 - "Response is Stale"';

async function openWorld() {
  const opened = new AsyncDisposableStack();
  const folder = opened.use(await openTempFolder('agent-copy'));
  const source = opened.use(await openTestRegistry());
  const aliyun = opened.use(await openTestRegistry({ auth: AUTH }));
  const singapore = opened.use(await openTestRegistry({ auth: AUTH }));
  const image = makeImage();
  await seedImage(source, 'team/app', '1', image);
  const entry = { credentials: { username: AUTH.username, password: 'env:PASSWORD' } };
  const registries = { aliyun: { url: aliyun.url, entry }, singapore: { url: singapore.url, entry } };
  const config = { registries, source, choose: 'singapore' };
  const env = { PASSWORD: AUTH.password };
  const service = opened.use(await openTestService({ ...config, env }));
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilFinal(id);
  const configPath = await writeServiceConfig(folder.path, config);
  const dispose = () => opened.disposeAsync();
  const { token } = await service.api.withToken({ role: 'cluster', cluster: 'us-east-prod' });
  return { folder: folder.path, image, service, token, configPath, [Symbol.asyncDispose]: dispose };
}

/** An agent inside the test's process. */
async function openAgent(options: {
  folder: string;
  serviceUrl: string;
  /** What it is asked with. */
  token: string;
  /** What it shows the service. */
  own?: string;
  config?: string;
  clock?: TestClock;
}) {
  const logged: LogFacts[] = [];
  const note = (facts: LogFacts) => void logged.push(facts);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const service = openServiceLink({
    url: options.serviceUrl,
    token: new Secret(options.own ?? TEST_TOKEN),
    version: '0.0.0-test',
  });
  const parts: readonly AgentPart[] = openAgentParts({
    site: 'us-east',
    name: 'agent',
    folder: options.folder,
    listen: { host: '127.0.0.1', port: 0 },
    config: options.config,
    service,
    environment: { findVariable: (name) => (name === 'PASSWORD' ? new Secret(AUTH.password) : undefined) },
    version: '0.0.0-test',
    log,
    clock: options.clock ?? new TestClock(),
  });
  for (const part of parts) await part.start();
  return {
    api: new ServiceApi(String(logged.find(({ event }) => event === 'listening')?.url), options.token),
    logged,
    async [Symbol.asyncDispose]() {
      for (const part of parts.toReversed()) await part.close();
      await service.close();
    },
  };
}

test('an agent reads with the credentials of its configuration, and says when its copy is old or was tampered with', async () => {
  await using world = await openWorld();
  const { image } = world;
  const folder = join(world.folder, 'agent');
  const clock = new TestClock();
  {
    await using agent = await openAgent({
      folder,
      serviceUrl: world.service.api.url,
      token: world.token,
      config: world.configPath,
      clock,
    });
    const resolve = () => agent.api.resolve('team/app:1', 'us-east-prod');
    await eventually(async () => (await resolve()).status === 200, { what: 'the agent having its copy' });
    // No registry answers anybody without a password.
    await expectWhole(agent.api, 'cluster.us-east-prod/team/app', '1', image);

    await world.service.stop();
    const told = await eventually(() => agent.logged.find(({ event }) => event === 'service out of reach'));
    expect((await resolve()).body).toMatchObject({ asOf: told?.asOf });
    const warnings = async () => {
      const manifest = await agent.api.fetch('/v2/cluster.us-east-prod/team/app/manifests/1');
      expect(manifest.status).toBe(200);
      return [(await resolve()).headers.get('warning'), manifest.headers.get('warning')];
    };
    clock.jump(4 * 60_000);
    expect(await warnings()).toEqual([null, null]);
    clock.jump(61_000);
    expect(await warnings()).toEqual([STALE, STALE]);
  }
  const path = join(folder, 'snapshot.json');
  const kept = await readFile(path, 'utf8');
  await writeFile(path, kept.replaceAll(image.digest, `sha256:${'0'.repeat(64)}`));
  await using agent = await openAgent({ folder, serviceUrl: world.service.api.url, token: world.token });
  expect(await agent.api.resolve('team/app:1', 'us-east-prod')).toMatchObject({ status: 503 });
  expect(agent.logged).toContainEqual(expect.objectContaining({ event: 'copy on disk refused' }));
});

test('without credentials of its own an agent gets nothing from a registry that wants some', async () => {
  await using world = await openWorld();
  await using agent = await openAgent({
    folder: join(world.folder, 'agent'),
    serviceUrl: world.service.api.url,
    token: world.token,
  });
  await eventually(async () => (await agent.api.resolve('team/app:1', 'us-east-prod')).status === 200, {
    what: 'the agent having its copy',
  });
  const blob = await agent.api.fetch(`/v2/team/app/blobs/${world.image.blobs[0]?.digest}`);
  expect(blob.ok).toBe(false);
});

test("an agent knows its clusters' tokens, also while the service is away, and nobody else", async () => {
  await using world = await openWorld();
  const { api } = world.service;
  const limited = await api.withToken({ role: 'cluster', cluster: 'us-east-prod', images: ['other/*'] });
  const leaked = await api.withToken({ role: 'cluster', cluster: 'us-east-prod', name: 'leaked' });
  const short = await api.withToken({ role: 'cluster', cluster: 'us-east-prod', expiresIn: '1h' });
  const foreign = await api.withToken({ role: 'cluster', cluster: 'cn-prod' });
  const clock = new TestClock();
  await using agent = await openAgent({
    folder: join(world.folder, 'agent'),
    serviceUrl: api.url,
    token: world.token,
    clock,
  });
  const status = async (token: string) => {
    const asked = agent.api.as(token);
    const manifest = await asked.fetch('/v2/team/app/manifests/1');
    return [(await asked.send('GET', '/v1/resolve?image=team/app:1')).status, manifest.status];
  };
  // Nobody can be known before there is a copy.
  await eventually(async () => expect(await status(world.token)).toEqual([200, expect.any(Number)]), {
    what: 'the agent having its copy',
  });
  expect((await status(leaked.token))[0]).toBe(200);
  expect((await status(short.token))[0]).toBe(200);
  expect(await status(limited.token)).toEqual([403, 403]);
  expect(await status(foreign.token)).toEqual([401, 401]);
  expect(await status(api.token)).toEqual([401, 401]);
  expect((await fetch(`${agent.api.url}/v1/resolve?image=team/app:1&cluster=us-east-prod`)).status).toBe(401);
  expect((await fetch(`${agent.api.url}/v2/`)).headers.get('www-authenticate')).toContain('/v2/token');
  for (const path of ['/healthz', '/readyz', '/openapi.json'])
    expect((await fetch(`${agent.api.url}${path}`)).status).toBe(200);
  // Which cluster is meant may be said, and cannot be another.
  expect((await agent.api.fetch('/v2/cluster.us-east-prod/team/app/tags/list')).status).toBe(200);
  expect((await agent.api.send('GET', '/v1/resolve?image=team/app:1&cluster=cn-prod')).status).toBe(403);

  const { items } = (await api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
  await api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'leaked')?.id}`);
  await eventually(async () => expect((await status(leaked.token))[0]).toBe(401), {
    what: 'the agent having heard that the token was revoked',
  });
  await world.service.stop();
  expect((await status(world.token))[0]).toBe(200);
  clock.jump(2 * 60 * 60_000);
  expect((await status(short.token))[0]).toBe(401);
  expect((await status(world.token))[0]).toBe(200);
});

test('an agent that the service does not let in says so once, and does not hammer at the door', async () => {
  await using world = await openWorld();
  const { token } = await world.service.api.withToken({ role: 'agent', site: 'beijing' });
  const clock = new TestClock();
  const options = { serviceUrl: world.service.api.url, token: world.token, clock };
  await using agent = await openAgent({ ...options, folder: join(world.folder, 'agent'), own: token });
  const trouble = await eventually(() => agent.logged.find(({ event }) => event === 'service out of reach'));
  expect(String(trouble?.error)).toContain('ENTREPOT_TOKEN must be a token of role agent for site us-east');
  expect(String(trouble?.error)).toContain('for site beijing only, not for us-east');
  const asked = () => world.service.logged.filter(({ path }) => path === '/v1/snapshot').length;
  const before = asked();
  clock.advance(4_000);
  expect(asked()).toBe(before);
  clock.advance(1_100);
  await eventually(() => asked() > before, { what: 'the agent asking again' });
});

test('what an agent keeps on disk holds no token, and lets in whom it let in before', async () => {
  await using world = await openWorld();
  const folder = join(world.folder, 'agent');
  const options = { folder, serviceUrl: world.service.api.url, token: world.token };
  const isKnown = async (agent: { api: ServiceApi }) =>
    eventually(async () => (await agent.api.resolve('team/app:1', 'us-east-prod')).status === 200, {
      what: 'the agent answering',
    });
  {
    await using agent = await openAgent(options);
    await isKnown(agent);
  }
  await world.service.stop();
  expect(await readFile(join(folder, 'snapshot.json'), 'utf8')).not.toContain(world.token);
  await using again = await openAgent(options);
  await isKnown(again);
});

describe('a snapshot', () => {
  test('is not given again to whom it is known: by its tag, in a list, by a weak tag, or as whatever there is', async () => {
    await using world = await openWorld();
    const ask = async (tags: string, more = '') => {
      const headers = { 'if-none-match': tags };
      const answer = await world.service.api.fetch(`/v1/snapshot?site=us-east${more}`, { headers });
      await answer.arrayBuffer();
      return answer;
    };
    const tag = (await ask('')).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"\d+"$/);
    for (const known of [tag, `W/${tag}`, `"1", "other,1" , ${tag}`, '*', ' * ']) {
      const { status, headers } = await ask(known);
      expect([known, status, headers.get('etag')]).toEqual([known, 304, tag]);
    }
    for (const other of ['"1"', tag.slice(1, -1), '"1", W/"2"', '"*"']) expect((await ask(other)).status).toBe(200);
    // Nothing can be newer than whatever there is, and what is not known need not be waited for.
    expect((await ask('*', '&wait=20s')).status).toBe(304);
    expect((await ask('"1", "2"', '&wait=20s')).status).toBe(200);
    expect((await ask(tag, '&wait=20s&after=1')).status).toBe(200);
  });

  test('is taken only whole, of the own site, and by the key that is known', async () => {
    await using world = await openWorld();
    const answer = await world.service.api.fetch('/v1/snapshot?site=us-east');
    const bytes = Buffer.from(await answer.arrayBuffer());
    const { signature } = readSnapshot(bytes, 'us-east', undefined);
    expect(readSnapshot(bytes, 'us-east', signature.publicKey).answers).not.toEqual([]);

    expect(() => readSnapshot(bytes, 'tokyo', undefined)).toThrow('of site us-east, not of tokyo');
    const tampered = Buffer.from(bytes.toString().replaceAll(world.image.digest, `sha256:${'0'.repeat(64)}`));
    expect(() => readSnapshot(tampered, 'us-east', signature.publicKey)).toThrow('signature of the snapshot');
    const { signature: _signature, ...unsigned } = JSON.parse(bytes.toString());
    const forged = { ...unsigned, signature: openSnapshotKey(world.folder).sign(unsigned) };
    const forgedBytes = Buffer.from(JSON.stringify(forged));
    expect(() => readSnapshot(forgedBytes, 'us-east', signature.publicKey)).toThrow('another key');
    expect(() => readSnapshot(bytes.subarray(1), 'us-east', undefined)).toThrow('not JSON');
  });
});
