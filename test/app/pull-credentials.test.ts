import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine, entrepot } from '../cli/support/command-line.ts';
import { PULLER_KEY } from '../support/cloud/ecr-control.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { openTestService } from '../support/service.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TestClock } from '../support/test-clock.ts';

const saved = { ...process.env };
beforeEach(() => {
  // The service's own identity is the puller here, so that what it hands out may only pull.
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: PULLER_KEY,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(() => {
  process.env = { ...saved };
});

async function openWorld(clock?: TestClock) {
  const opened = new AsyncDisposableStack();
  const ecr = opened.use(await openEcrDouble());
  const home = opened.use(await openTestRegistry());
  const aws = { aws: { endpoint: ecr.apiUrl } };
  const service = opened.use(
    await openTestService({
      registries: {
        aliyun: {
          url: home.url,
          entry: {
            pullCredentials: { username: 'puller', password: 'env:PULL_PASSWORD' },
            addresses: { 'us-east': 'https://public.example' },
          },
        },
        singapore: {
          url: ecr.registry.url,
          entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: aws, pullCredentials: aws },
        },
        japan: { url: home.url },
      },
      env: { PULL_PASSWORD: 'secret-of-puller' },
      ...(clock === undefined ? {} : { clock }),
    }),
  );
  return { ecr, home, service, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe('pull credentials', () => {
  it('are those of every registry that resolve may name, as its site addresses it, with what is missing', async () => {
    await using world = await openWorld();
    const { status, headers, body } = await world.service.api.send('GET', '/v1/clusters/us-east-prod/pull-credentials');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { auths } = body.dockerconfigjson as { auths: Record<string, { username: string; auth: string }> };
    expect(Object.keys(auths)).toEqual(['public.example', world.ecr.registry.address]);
    expect(Buffer.from(auths['public.example']?.auth ?? '', 'base64').toString()).toBe('puller:secret-of-puller');
    expect(Date.parse(String(body.expiresAt))).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    expect(body.missing).toEqual([
      { registry: 'japan', host: world.home.address, reason: 'japan has no pullCredentials in the configuration' },
    ]);
    // Reading works with them and pushing does not.
    const authorization = `Basic ${auths[world.ecr.registry.address]?.auth}`;
    const ask = (method: string, path: string) =>
      fetch(`${world.ecr.registry.url}${path}`, { method, headers: { authorization } });
    expect((await ask('GET', '/v2/')).status).toBe(200);
    expect((await ask('POST', '/v2/app/blobs/uploads/')).status).toBe(403);
    expect(JSON.stringify(world.service.logged)).not.toContain('secret-of-puller');
  });

  it('serve all who ask until half of their life is over; a cluster at home gets those of home alone', async () => {
    await using world = await openWorld();
    const get = async (cluster: string) =>
      (await world.service.api.send('GET', `/v1/clusters/${cluster}/pull-credentials`)).body;
    expect(await get('us-east-prod')).toEqual(await get('us-east-prod'));
    expect(Object.keys((await get('cn-prod')).dockerconfigjson as object)).toEqual(['auths']);
    expect((await get('cn-prod')).registries).toEqual([
      { registry: 'aliyun', host: world.home.address, expiresAt: null },
    ]);
    expect((await world.service.api.send('GET', '/v1/clusters/none/pull-credentials')).body.code).toBe(
      'cluster_unknown',
    );
  });

  it('are made anew in time, whatever becomes of the wall clock', async () => {
    const clock = new TestClock();
    await using world = await openWorld(clock);
    const get = async () => {
      const { body } = await world.service.api.send('GET', '/v1/clusters/us-east-prod/pull-credentials');
      return JSON.stringify(body.dockerconfigjson);
    };
    const first = await get();
    clock.jump(-24 * 3_600_000);
    expect(await get()).toBe(first);
    clock.advance(7 * 3_600_000);
    expect(await get()).not.toBe(first);
  });

  it('become a Secret for kubectl, or a file that is kept fresh', async () => {
    await using world = await openWorld();
    await using folder = await openTempFolder('pull-secret');
    const { url, token } = world.service.api;
    const env = { ENTREPOT_TOKEN: token };
    const printed = await entrepot({ url, env }, 'pull-secret', '--cluster', 'cn-prod', '--namespace', 'web3d');
    expect(printed.exitCode).toBe(0);
    const lines = printed.stdout.split('\n');
    expect(lines.slice(0, 7)).toEqual([
      '---',
      'apiVersion: v1',
      'kind: Secret',
      'type: kubernetes.io/dockerconfigjson',
      'metadata:',
      '  name: "entrepot-pull"',
      '  namespace: "web3d"',
    ]);
    const data = / {2}\.dockerconfigjson: (.+)/.exec(printed.stdout)?.[1] ?? '';
    expect(JSON.parse(Buffer.from(data, 'base64').toString()).auths).toHaveProperty([world.home.address]);

    const file = join(folder.path, 'config.json');
    const partial = await entrepot({ url, env }, 'pull-secret', '--cluster', 'us-east-prod', '--file', file);
    expect([partial.exitCode, partial.stderr]).toEqual([1, expect.stringContaining('Nothing for japan')]);
    expect(JSON.parse(await readFile(file, 'utf8')).auths).toHaveProperty(['public.example']);

    const watching = new CommandLine({ url, env });
    const other = join(folder.path, 'other.json');
    const ended = watching.run('pull-secret', '--cluster', 'cn-prod', '--file', other, '--watch');
    await watching.written('Wrote');
    await eventually(async () => (await readFile(other, 'utf8')).includes('auths'));
    watching.interrupt();
    expect((await ended).exitCode).toBe(130);
  });
});
