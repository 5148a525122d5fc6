import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entrepot } from '../cli/support/command-line.ts';
import { openAcrDouble } from '../support/cloud/acr-double.ts';
import { PULLER_KEY } from '../support/cloud/ecr-control.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { openTestRegistry } from '../support/registry.ts';
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
});
