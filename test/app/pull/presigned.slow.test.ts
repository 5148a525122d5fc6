import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openAcrDouble } from '../../support/cloud/acr-double.ts';
import { DOUBLE_KEYS } from '../../support/cloud/double-keys.ts';
import { openEcrDouble } from '../../support/cloud/ecr-double.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { writeServiceConfig } from '../../support/service-config.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { hasSkopeo, skopeo } from '../../support/skopeo.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';
import { TEST_TOKEN } from '../../support/test-token.ts';

vi.setConfig({ testTimeout: 120_000 });

it.skipIf(!hasSkopeo() && process.env.ENTREPOT_REQUIRE_PEERS !== '1')(
  'skopeo pulls through the service from the storage of ECR and of ACR, which are shown no password of anybody',
  async () => {
    await using ecr = await openEcrDouble();
    await using acr = await openAcrDouble();
    await using source = await openTestRegistry();
    await using folder = await openTempFolder('presigned');
    const image = makeImage({ layers: [{ size: 2_000_000 }, { size: 900 }] });
    await seedImage(source, 'team/app', '1', image);
    const configPath = await writeServiceConfig(folder.path, {
      registries: {
        aliyun: {
          url: acr.registry.url,
          entry: {
            kind: 'acr',
            region: 'cn-beijing',
            prefix: 'web3d',
            credentials: { aliyun: { instanceId: 'cri-test', endpoint: acr.apiUrl } },
          },
        },
        singapore: {
          url: ecr.registry.url,
          entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } } },
        },
      },
      source,
      choose: 'singapore',
    });
    await using service = await startServiceProcess({
      configPath,
      dataPath: join(folder.path, 'data'),
      env: DOUBLE_KEYS,
    });
    await service.api.untilFinal(
      (await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' })).id,
      'placed',
      '60s',
    );
    const { host } = new URL(service.api.url);
    for (const [cluster, { registry }] of [
      ['us-east-prod', ecr],
      ['cn-prod', acr],
    ] as const) {
      registry.forgetRequests();
      const pull = async (to: string) =>
        await skopeo([
          'copy',
          '--src-tls-verify=false',
          `--src-creds=ci:${TEST_TOKEN}`,
          `docker://${host}/cluster.${cluster}/team/app:1`,
          `dir:${join(folder.path, to)}`,
        ]);
      const stored = () => registry.requests.filter(({ path }) => path.startsWith('/blob-origin/'));
      await pull(`${cluster}-1`);
      expect(stored()).toHaveLength(image.blobs.length);
      expect(stored().every(({ headers, status }) => headers.authorization === undefined && status === 200)).toBe(true);
      // An address expires at a time that nobody tells, so each pull gets one of its own.
      const asked = registry.count('GET', /\/v2\/.*\/blobs\/sha256/);
      await pull(`${cluster}-2`);
      expect(registry.count('GET', /\/v2\/.*\/blobs\/sha256/)).toBe(2 * asked);
      expect(stored()).toHaveLength(2 * image.blobs.length);
    }
    expect(service.stdout + service.stderr).not.toContain('X-Signature');
  },
);
