import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entrepot } from '../cli/support/command-line.ts';
import { openScriptedServer } from '../net/scripted-server.ts';
import { TEST_CA } from '../net/tls-fixture.ts';
import { openAcrDouble } from '../support/cloud/acr-double.ts';
import { PULLER_KEY } from '../support/cloud/ecr-control.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { openTestRegistry } from '../support/registry.ts';
import { openTestService } from '../support/service.ts';
import { type ServiceConfig, writeServiceConfig } from '../support/service-config.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const saved = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAITEST',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
  });
});
afterEach(() => {
  process.env = { ...saved };
});

type Report = {
  ok: boolean;
  config: string;
  registries: { registry: string; checks: { check: string; state: string; detail: string; todo: string | null }[] }[];
};

async function examine(registries: ServiceConfig['registries'], ...args: string[]) {
  await using folder = await openTempFolder('doctor');
  const config = await writeServiceConfig(folder.path, { registries });
  const { exitCode, stdout } = await entrepot({}, 'doctor', '--config', config, '--json', ...args);
  const report = JSON.parse(stdout) as Report;
  const states = (name: string) =>
    Object.fromEntries(
      (report.registries.find(({ registry }) => registry === name)?.checks ?? []).map(({ check, state }) => [
        check,
        state,
      ]),
    );
  const find = (name: string, check: string) =>
    report.registries.find(({ registry }) => registry === name)?.checks.find((each) => each.check === check);
  return { exitCode, report, states, find };
}

describe('doctor', () => {
  it('finds everything well at ECR, ACR and a plain registry, and removes what it put there', async () => {
    await using ecr = await openEcrDouble();
    await using acr = await openAcrDouble();
    await using plain = await openTestRegistry();
    const { exitCode, report, find } = await examine({
      singapore: {
        url: ecr.registry.url,
        entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } } },
      },
      aliyun: {
        url: acr.registry.url,
        entry: {
          kind: 'acr',
          region: 'cn-beijing',
          prefix: 'web3d',
          credentials: { aliyun: { instanceId: 'cri-test', endpoint: acr.apiUrl } },
        },
      },
      lab: { url: plain.url },
    });
    expect(report.registries.flatMap(({ checks }) => checks.filter(({ state }) => state === 'failed'))).toEqual([]);
    expect([exitCode, report.ok]).toEqual([0, true]);
    expect(find('singapore', 'redirect')?.detail).toMatch(/^blobs come from 127\.0\.0\.1:\d+$/);
    expect(find('lab', 'redirect')?.detail).toBe('blobs come from the registry itself');
    expect(find('lab', 'cleanup')?.state).toBe('ok');
    for (const registry of [plain, ecr.registry, acr.registry]) {
      expect(registry.requests.some(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))).toBe(true);
      expect(
        registry.requests.some(
          ({ method, path, status }) => method === 'DELETE' && path.includes('/manifests/') && status === 202,
        ),
      ).toBe(true);
    }
  });

  it('says what fails, what therefore was not tried, and what to do', async () => {
    process.env.AWS_ACCESS_KEY_ID = PULLER_KEY;
    await using ecr = await openEcrDouble();
    await using acr = await openAcrDouble({ namespaces: ['other'] });
    const { exitCode, report, states, find } = await examine({
      singapore: {
        url: ecr.registry.url,
        entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } } },
      },
      aliyun: {
        url: acr.registry.url,
        entry: {
          kind: 'acr',
          region: 'x',
          prefix: 'web3d',
          credentials: { username: acr.fixed.username, password: 'env:UNSET_PASSWORD' },
        },
      },
      gone: { url: 'http://127.0.0.1:1' },
    });
    expect([exitCode, report.ok]).toEqual([1, false]);
    expect(states('singapore')).toMatchObject({ credentials: 'ok', create: 'ok', push: 'failed', pull: 'skipped' });
    expect(find('singapore', 'push')?.todo).toContain('ecr:InitiateLayerUpload');
    expect(find('aliyun', 'credentials')).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('UNSET_PASSWORD'),
    });
    expect(states('gone')).toMatchObject({ dns: 'ok', tcp: 'failed', push: 'skipped' });
  });

  it('looks at one registry alone, and knows the names', async () => {
    await using plain = await openTestRegistry();
    const registries = { lab: { url: plain.url }, gone: { url: 'http://127.0.0.1:1' } };
    expect((await examine(registries, 'lab')).report.registries.map(({ registry }) => registry)).toEqual(['lab']);
    await using folder = await openTempFolder('doctor');
    const config = await writeServiceConfig(folder.path, { registries });
    const unknown = await entrepot({}, 'doctor', '--config', config, 'nowhere');
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('nowhere')]);
    const table = await entrepot({}, 'doctor', '--config', config, 'gone');
    expect(table.stdout).toContain('→ tcp: open the way');
  });

  it('says whose configuration it looks at, and that no service is asked', async () => {
    await using plain = await openTestRegistry();
    await using folder = await openTempFolder('doctor');
    const config = await writeServiceConfig(folder.path, { registries: { lab: { url: plain.url } } });
    const table = await entrepot({}, 'doctor', '--config', config);
    expect(table.stdout).toMatch(/^Looking from this machine, .*regions\.yaml; a running service is not asked\.\n/);
    expect((await examine({ lab: { url: plain.url } })).report.config).toMatch(/regions\.yaml$/);
  });

  it('finds a clock that is wrong, and one that only drifts', async () => {
    await using wrong = await openTestRegistry();
    await using drifts = await openTestRegistry();
    // The first question of all is the one for the time.
    const at = (ms: number) => ({ status: 200, headers: { date: new Date(Date.now() + ms).toUTCString() } });
    wrong.failNext('GET', at(-3_600_000));
    drifts.failNext('GET', at(120_000));
    const { exitCode, find } = await examine({ wrong: { url: wrong.url }, drifts: { url: drifts.url } });
    expect(exitCode).toBe(1);
    expect(find('wrong', 'clock')).toMatchObject({
      state: 'failed',
      todo: expect.stringContaining('set this machine'),
    });
    expect(find('wrong', 'clock')?.detail).toMatch(/clock is 3[56]\d\d s ahead of/);
    expect(find('drifts', 'clock')).toMatchObject({ state: 'warning', detail: expect.stringContaining('s behind') });
  });

  it('finds that repositories may not be made, images not be read, storage not be reached, and chunks not be taken', async () => {
    await using ecr = await openEcrDouble({ refuses: ['CreateRepository'] });
    await using closed = await openTestRegistry();
    await using far = await openTestRegistry();
    closed.failNext('GET', { path: /manifests/, status: 403 });
    far.failNext('GET', { path: /blobs/, status: 307, headers: { location: 'http://127.0.0.1:1/blob' } });
    await using chunky = await openTestRegistry({ chunkMinBytes: 64 * 1024 * 1024 });
    const { exitCode, states, find } = await examine({
      singapore: {
        url: ecr.registry.url,
        entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } } },
      },
      closed: { url: closed.url },
      far: { url: far.url },
      chunky: { url: chunky.url },
    });
    expect(exitCode).toBe(1);
    expect(states('singapore')).toMatchObject({ credentials: 'ok', create: 'failed', push: 'skipped' });
    expect(find('singapore', 'create')?.todo).toContain('ecr:CreateRepository');
    expect(states('closed')).toMatchObject({ push: 'ok', pull: 'failed', redirect: 'skipped', cleanup: 'ok' });
    expect(find('closed', 'pull')?.todo).toContain('ecr:BatchGetImage');
    expect(states('far')).toMatchObject({ pull: 'ok', redirect: 'failed' });
    expect(find('far', 'redirect')?.todo).toContain('open the way to the host that blobs come from');
    expect(find('chunky', 'limits')).toMatchObject({
      state: 'warning',
      todo: expect.stringContaining('limits.chunkBytes'),
    });
  });

  it('finds a name that is not known, and says which step needs it', async () => {
    const { exitCode, report, states, find } = await examine({ lost: { url: 'https://registry.invalid' } });
    expect([exitCode, report.ok]).toEqual([1, false]);
    expect(find('lost', 'dns')).toMatchObject({
      state: 'failed',
      code: 'connect_failed',
      detail: expect.stringMatching(/^looking up registry\.invalid failed \(E/),
      todo: expect.stringContaining('check the host in "url"'),
    });
    expect(states('lost')).toMatchObject({ tcp: 'skipped', tls: 'skipped', credentials: 'skipped', push: 'skipped' });
  });

  it('finds a certificate that nobody here trusts, until its authority is named', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('{}'), { tls: true });
    await using folder = await openTempFolder('doctor-ca');
    const ca = join(folder.path, 'ca.pem');
    await writeFile(ca, TEST_CA);
    const { exitCode, states, find } = await examine({
      stranger: { url: server.url },
      known: { url: server.url, entry: { ca: `file:${ca}` } },
    });
    expect(exitCode).toBe(1);
    expect(find('stranger', 'tls')).toMatchObject({
      state: 'failed',
      code: 'tls_failed',
      detail: expect.stringMatching(/^TLS with .+ failed: /),
      todo: expect.stringContaining('name the certificate authority with "ca: file:PATH"'),
    });
    expect(states('stranger')).toMatchObject({ dns: 'ok', tcp: 'ok', clock: 'skipped', credentials: 'skipped' });
    expect(find('known', 'tls')).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/^TLSv1\.3, .* good for/),
    });
  });

  it('asks the service what it sees, with its own secrets, and leaves them there', async () => {
    await using lab = await openTestRegistry({
      auth: { kind: 'basic', username: 'ci', password: 'kept-by-the-service' },
    });
    const credentials = { username: 'ci', password: 'env:LAB_PASSWORD' };
    await using service = await openTestService({
      registries: { lab: { url: lab.url, entry: { role: 'home', credentials } }, gone: { url: 'http://127.0.0.1:1' } },
      env: { LAB_PASSWORD: 'kept-by-the-service' },
    });
    const ask = (...args: string[]) =>
      entrepot({ url: service.api.url, env: { ENTREPOT_TOKEN: service.api.token } }, 'doctor', '--server', ...args);
    const all = await ask('--json');
    const report = JSON.parse(all.stdout) as Report & { server: string };
    expect([all.exitCode, report.ok, report.config, report.server]).toEqual([1, false, null, service.api.url]);
    const [first, second] = report.registries;
    expect(first?.checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(second?.checks.find(({ check }) => check === 'tcp')).toMatchObject({
      state: 'failed',
      todo: expect.any(String),
    });
    expect(all.stdout + JSON.stringify(service.logged)).not.toContain('kept-by-the-service');
    const table = await ask('lab');
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/^The service at http:\/\/127\.0\.0\.1:\d+ looks from where it runs/);
    expect(table.stdout).toContain('works from there.');
    expect((await ask('nowhere')).stderr).toContain('nowhere');
    const { body } = await service.api.send('GET', '/v1/audit?action=registries.examine');
    expect(body.items).toMatchObject([{ outcome: 'failed' }, { outcome: 'done' }, { outcome: 'done' }]);
    const ci = await service.api.withToken({ role: 'ci', images: ['*'] });
    expect((await ci.send('POST', '/v1/doctor', {})).status).toBe(403);
  });
});
