import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openAcrDouble } from '../support/cloud/acr-double.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { hasMoto, openMoto } from '../support/cloud/moto.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

vi.setConfig({ testTimeout: 180_000 });

const cloudTest = test.skipIf(!hasMoto() && process.env.ENTREPOT_REQUIRE_PEERS !== '1');
const MIB = 1024 * 1024;
/** ECR's own, for PutImage and what stands beside it. */
const LIMITS = { PutImage: 10, InitiateLayerUpload: 100, CompleteLayerUpload: 100, UploadLayerPart: 500 };

/** The service as a process of its own, between doubles of Aliyun ACR and of ECR Singapore (its control plane is moto). */
async function openWorld(lag: { readonly validatorLag?: number; readonly visibleAfterMs?: number }) {
  const opened = new AsyncDisposableStack();
  const moto = opened.use(await openMoto());
  const ecr = opened.use(await openEcrDouble({ moto: moto.url, limits: LIMITS, ...lag }));
  const acr = opened.use(await openAcrDouble());
  const source = opened.use(await openTestRegistry());
  const folder = opened.use(await openTempFolder('cloud'));
  const aws = { aws: { endpoint: ecr.apiUrl } };
  const aliyun = { aliyun: { instanceId: 'cri-test', endpoint: acr.apiUrl } };
  const configPath = await writeServiceConfig(folder.path, {
    registries: {
      aliyun: {
        url: acr.registry.url,
        entry: {
          kind: 'acr',
          region: 'cn-beijing',
          prefix: 'web3d',
          attestations: 'drop',
          credentials: aliyun,
          pullCredentials: aliyun,
        },
      },
      singapore: {
        url: ecr.registry.url,
        entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: aws, pullCredentials: aws },
      },
    },
    source,
    choose: 'singapore',
    more: { limits: { transfersPerRegistry: 100 } },
  });
  const service = opened.use(
    await startServiceProcess({
      configPath,
      dataPath: join(folder.path, 'data'),
      env: {
        AWS_ACCESS_KEY_ID: 'AKIDTEST',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_EC2_METADATA_DISABLED: 'true',
        ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAITEST',
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
      },
    }),
  );
  return { ecr, acr, source, service, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

cloudTest('CI pushes, passwords end amid a blob, and clusters pull from Aliyun and from Singapore', async () => {
  await using world = await openWorld({ validatorLag: 1 });
  const { ecr, acr, source, service } = world;
  const image = makeImage({
    platforms: ['linux/amd64'],
    attestations: 'artifact',
    layers: [{ size: 40 * MIB }, { size: 3 * MIB }],
  });
  await seedImage(source, 'team/app', '1.2.3', image);
  const push = await service.api.push({ image: 'team/app:1.2.3', source: 'harbor.bj/team/app:1.2.3' });
  await eventually(() => ecr.registry.count('PATCH') > 0, { what: 'a part at ECR' });
  ecr.expireTokens();
  acr.expireTokens();
  const placed = await service.api.untilFinal(push.id, 'placed', '60s');
  expect(placed.transfers.map(({ registry }) => registry).sort()).toEqual(['aliyun', 'singapore']);

  const us = (await service.api.resolve('team/app:1.2.3', 'us-east-prod')).body;
  expect(us).toMatchObject({ state: 'chosen', registry: 'singapore', digest: image.digest });
  const cn = (await service.api.resolve('team/app:1.2.3', 'cn-prod')).body;
  expect(cn).toMatchObject({ state: 'home', registry: 'aliyun', sourceDigest: image.digest });
  expect(cn.digest).not.toBe(image.digest);

  const { body } = await service.api.send('GET', '/v1/clusters/us-east-prod/pull-credentials');
  const { auths } = body.dockerconfigjson as { auths: Record<string, { auth: string }> };
  const [host = '', path = ''] = String(us.reference).split(/\/(.*)/);
  const [repository, digest] = path.split('@');
  const headers = { authorization: `Basic ${auths[host]?.auth}`, accept: image.mediaType };
  const pulled = await fetch(`http://${host}/v2/${repository}/manifests/${digest}`, { headers });
  expect(Buffer.from(await pulled.arrayBuffer())).toEqual(Buffer.from(image.bytes));
  expect(service.stdout).not.toContain(auths[host]?.auth ?? 'nothing');
});

cloudTest('40 tags of an image of 30 layers keep to the limits, and 100 legs to one password', async () => {
  await using world = await openWorld({ visibleAfterMs: 300 });
  const { ecr, source, service } = world;
  const tags = Array.from({ length: 40 }, (_, n) => `v${n}`);
  const shared = Array.from({ length: 29 }, (_, n) => ({ size: 20_000, seed: `shared ${n}` }));
  for (const tag of tags)
    await seedImage(
      source,
      'team/app',
      tag,
      makeImage({ layers: [...shared, { size: 20_000, seed: tag }], seed: tag }),
    );
  const targets = ['singapore'];
  const push = async (tag: string) =>
    (await service.api.push({ image: `team/app:${tag}`, source: `harbor.bj/team/app:${tag}`, targets })).id;
  const begunMs = performance.now();
  const ids = await Promise.all(tags.map(push));
  for (const id of ids) await service.api.untilFinal(id, 'placed', '60s');
  const seconds = (performance.now() - begunMs) / 1_000;

  const { calls } = ecr.limits;
  // Every request that ECR counts is counted, at both of its doors: also those that read the manifests back, which a
  // placement promises and the necessary number does not know. Necessary is, by tag, one manifest and one question
  // for its 31 blobs; by missing blob, a session and its one chunk; one repository; one password.
  const blobs = 29 + 2 * tags.length;
  const needed = tags.length * 2 + blobs * 2 + 1 + 1;
  const total = ecr.limits.total('calls');
  const throttled = ecr.limits.total('throttled');
  console.log(
    `cloud: 40 tags × 30 layers in ${seconds.toFixed(1)} s; ${total} requests of ${needed} necessary (${(total / needed).toFixed(2)} ×), ${throttled} throttled; ${[...calls].map(([action, count]) => `${action} ${count}`).join(', ')}`,
  );
  expect(throttled / total).toBeLessThanOrEqual(0.01);
  expect(total / needed).toBeLessThanOrEqual(1.1);

  const before = calls.get('GetAuthorizationToken') ?? 0;
  for (let n = 0; n < 100; n += 1)
    await seedImage(source, `team/leg${n}`, 'v1', makeImage({ layers: [{ size: 1_000, seed: n }], seed: n }));
  ecr.expireTokens();
  const legs = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      service.api.push({ image: `team/leg${n}:v1`, source: `harbor.bj/team/leg${n}:v1`, targets }),
    ),
  );
  for (const { id } of legs) await service.api.untilFinal(id, 'placed', '60s');
  console.log(`cloud: 100 legs at once, ${(calls.get('GetAuthorizationToken') ?? 0) - before} renewal`);
  expect(calls.get('GetAuthorizationToken')).toBe(before + 1);
});
