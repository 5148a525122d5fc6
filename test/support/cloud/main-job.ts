import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { expect } from 'vitest';
import { readEnvironment } from '../../../src/config/environment.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { readSecret } from '../../../src/config/read-secret.ts';
import { toFailure } from '../../../src/kernel/failure.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { parseImageReference } from '../../../src/oci/reference.ts';
import { parseRepositoryName, type RepositoryName } from '../../../src/oci/repository-name.ts';
import { parseTag } from '../../../src/oci/tag.ts';
import { openRegistryProvider, type RegistryProvider } from '../../../src/providers/registry-provider.ts';
import { registryRepository } from '../../../src/regions/registry-repository.ts';
import type { RegistryEntry } from '../../../src/regions/world.ts';
import { openTestRegistry } from '../registry.ts';
import { seedImage } from '../seed-image.ts';
import { writeServiceConfig } from '../service-config.ts';
import { type ServiceProcess, startServiceProcess } from '../service-process.ts';
import { openTempFolder } from '../temp-folder.ts';
import { makeImage } from '../test-image.ts';
import type { CloudAccounts } from './cloud-accounts.ts';

const MIB = 1024 * 1024;

export type MainJob = CloudAccounts & {
  /** The repository that the image goes to; new each time, so that nothing else is touched. */
  readonly image: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Done while the push goes on. */
  readonly meanwhile?: (service: ServiceProcess) => Promise<void>;
};

/**
 * CI pushes an image with an attestation, it arrives at ACR (without the attestation) and at ECR, resolve answers both,
 * and with minted credentials clusters read all of it. What it put there it removes.
 */
export async function runMainJob(job: MainJob): Promise<void> {
  await using source = await openTestRegistry();
  await using folder = await openTempFolder('cloud');
  const image = makeImage({
    seed: job.image,
    platforms: ['linux/amd64'],
    attestations: 'artifact',
    layers: [{ size: 40 * MIB }, { size: 3 * MIB }],
  });
  await seedImage(source, job.image, '1.2.3', image);
  const configPath = await writeServiceConfig(folder.path, {
    registries: job.registries,
    source,
    choose: 'singapore',
    more: { limits: { transfersPerRegistry: 100 } },
  });
  await using service = await startServiceProcess({
    configPath,
    dataPath: join(folder.path, 'data'),
    ...(job.env === undefined ? {} : { env: job.env }),
  });
  await using _removed = { [Symbol.asyncDispose]: () => removeImage(configPath, job.image) };
  const { api } = service;
  const push = await api.push({ image: `${job.image}:1.2.3`, source: `harbor.bj/${job.image}:1.2.3` });
  await job.meanwhile?.(service);
  const placed = await api.untilFinal(push.id, 'placed', '120s');
  expect(placed.transfers.map(({ registry }) => registry).sort()).toEqual(['aliyun', 'singapore']);
  const release = await api.send('GET', `/v1/images/${encodeURIComponent(job.image)}/tags/1.2.3`);
  expect(release.body).toMatchObject({
    placements: expect.arrayContaining([
      expect.objectContaining({ registry: 'aliyun', note: 'delivered without attestations' }),
      expect.objectContaining({ registry: 'singapore', note: null, digest: image.digest }),
    ]),
  });
  for (const [cluster, registry, state] of [
    ['cn-prod', 'aliyun', 'home'],
    ['us-east-prod', 'singapore', 'chosen'],
  ] as const) {
    const { body } = await api.resolve(`${job.image}:1.2.3`, cluster);
    expect(body).toMatchObject({ registry, state, sourceDigest: image.digest });
    const minted = await api.send('GET', `/v1/clusters/${cluster}/pull-credentials`);
    const config = join(folder.path, `${cluster}.json`);
    await writeFile(config, JSON.stringify(minted.body.dockerconfigjson), { mode: 0o600 });
    await expectPulled(String(body.reference), job.registries[registry]?.url ?? '', config);
    for (const { auth } of Object.values(Object(minted.body.dockerconfigjson).auths ?? {}) as { auth: string }[])
      expect(service.stdout).not.toContain(Buffer.from(auth, 'base64').toString().split(':')[1] ?? auth);
  }
}

/** Reads every manifest and blob with the docker config alone, and hashes what comes. */
async function expectPulled(reference: string, url: string, config: string): Promise<void> {
  const [, path = ''] = reference.split(/\/(.*)/);
  const { name, digest } = parseImageReference(path);
  const provider: RegistryProvider = openRegistryProvider(
    { key: 'cluster', url, credentials: { kind: 'docker', path: config }, internal: url.startsWith('http:') },
    { readSecret: async () => new Secret('') },
  );
  try {
    const read = async (wanted: string): Promise<void> => {
      const manifest = await provider.client.getManifest(name, wanted as NonNullable<typeof digest>);
      if (manifest === undefined) throw new Error(`${reference}: manifest ${wanted} is not there`);
      if (manifest.kind === 'index') {
        for (const child of manifest.manifests) await read(child.digest);
        return;
      }
      for (const blob of [manifest.config, ...manifest.layers]) {
        const opened = await provider.client.openBlob(name, blob.digest);
        const hash = createHash('sha256');
        for await (const piece of opened?.body ?? []) hash.update(piece);
        expect(`sha256:${hash.digest('hex')}`).toBe(blob.digest);
      }
    };
    await read(String(digest));
  } finally {
    await provider.close();
  }
}

/** The repository at ECR with all that is in it; at ACR the image, whose repository has no images then. */
async function removeImage(configPath: string, image: string): Promise<void> {
  const { registries } = await loadConfig(configPath);
  for (const entry of registries) {
    const repository = registryRepository(entry, parseRepositoryName(image));
    try {
      if (entry.kind === 'ecr') await deleteRepository(entry, repository);
      else await deleteTag(entry, repository);
    } catch (error) {
      console.log(`cloud: ${entry.name}/${repository} is left there: ${toFailure(error).message}`);
    }
  }
}

async function deleteRepository(entry: RegistryEntry, repositoryName: string): Promise<void> {
  const { credentials } = entry;
  const ecr = new ECRClient({
    region: entry.region,
    ...(credentials.kind === 'aws' && credentials.endpoint !== undefined ? { endpoint: credentials.endpoint } : {}),
  });
  await ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }));
  ecr.destroy();
}

async function deleteTag(entry: RegistryEntry, repository: RepositoryName): Promise<void> {
  const environment = readEnvironment();
  const provider = openRegistryProvider(entry, { readSecret: (reference) => readSecret(reference, environment) });
  try {
    const head = await provider.client.headManifest(repository, parseTag('1.2.3'));
    if (head !== undefined) await provider.client.deleteManifest(repository, head.digest);
  } finally {
    await provider.close();
  }
}
