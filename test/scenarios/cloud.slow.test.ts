import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openAcrDouble } from '../support/cloud/acr-double.ts';
import { findCloudAccounts } from '../support/cloud/cloud-accounts.ts';
import { DOUBLE_KEYS } from '../support/cloud/double-keys.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { runMainJob } from '../support/cloud/main-job.ts';
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
/** ECR's own, for PutImage and what stands beside it. */
const LIMITS = { PutImage: 10, InitiateLayerUpload: 100, CompleteLayerUpload: 100, UploadLayerPart: 500 };

/** The service as a process of its own, before a double of ECR Singapore (its control plane is moto). */
async function openWorld(visibleAfterMs: number) {
  const opened = new AsyncDisposableStack();
  const moto = opened.use(await openMoto());
  const ecr = opened.use(await openEcrDouble({ moto: moto.url, limits: LIMITS, visibleAfterMs }));
  const source = opened.use(await openTestRegistry());
  const folder = opened.use(await openTempFolder('cloud'));
  const aws = { aws: { endpoint: ecr.apiUrl } };
  const configPath = await writeServiceConfig(folder.path, {
    registries: {
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
      env: DOUBLE_KEYS,
    }),
  );
  return { ecr, source, service, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** New each run: what is removed at the end was made by it. */
const image = () => `entrepot-scenario/${randomUUID().slice(0, 8)}`;

cloudTest('CI pushes, passwords end amid a blob, and clusters pull from Aliyun and from Singapore', async () => {
  await using moto = await openMoto();
  await using ecr = await openEcrDouble({ moto: moto.url, limits: LIMITS, validatorLag: 1 });
  await using acr = await openAcrDouble();
  const accounts = findCloudAccounts({
    ENTREPOT_CLOUD_ECR_URL: ecr.registry.url,
    ENTREPOT_CLOUD_ECR_REGION: 'ap-southeast-1',
    ENTREPOT_CLOUD_ECR_ENDPOINT: ecr.apiUrl,
    ENTREPOT_CLOUD_ACR_URL: acr.registry.url,
    ENTREPOT_CLOUD_ACR_REGION: 'cn-beijing',
    ENTREPOT_CLOUD_ACR_NAMESPACE: 'web3d',
    ENTREPOT_CLOUD_ACR_INSTANCE: 'cri-test',
    ENTREPOT_CLOUD_ACR_ENDPOINT: acr.apiUrl,
  });
  if (accounts === undefined) throw new Error('the doubles are named as accounts are');
  for (const [name, value] of Object.entries(DOUBLE_KEYS)) vi.stubEnv(name, value);
  try {
    await runMainJob({
      ...accounts,
      image: image(),
      env: DOUBLE_KEYS,
      meanwhile: async () => {
        await eventually(() => ecr.registry.count('PATCH') > 0, { deadlineMs: 60_000, what: 'a part at ECR' });
        ecr.expireTokens();
        acr.expireTokens();
      },
    });
  } finally {
    vi.unstubAllEnvs();
  }
  expect(acr.registry.count('DELETE', /manifests/)).toBeGreaterThan(0);
});

const accounts = findCloudAccounts(process.env);

test.skipIf(accounts === undefined)('the same between the real accounts that the environment names', async () => {
  if (accounts === undefined) return;
  const env = Object.entries(process.env).filter(([name]) => /^(AWS|ALIBABA_CLOUD|ENTREPOT_CLOUD)_/.test(name));
  await runMainJob({ ...accounts, image: image(), env: Object.fromEntries(env) as Record<string, string> });
});

cloudTest('40 tags of an image of 30 layers keep to the limits, and 100 legs to one password', async () => {
  await using world = await openWorld(300);
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
  for (const id of ids) await service.api.untilFinal(id, 'placed', '120s');
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
  for (const { id } of legs) await service.api.untilFinal(id, 'placed', '120s');
  console.log(`cloud: 100 legs at once, ${(calls.get('GetAuthorizationToken') ?? 0) - before} renewal`);
  expect(calls.get('GetAuthorizationToken')).toBe(before + 1);
});
