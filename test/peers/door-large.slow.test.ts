import { join } from 'node:path';
import { expect } from 'vitest';
import { openDockerRegistry } from '../support/docker-registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { skopeo } from '../support/skopeo.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { CREDS } from './client-world.ts';
import { makeLargeImage, pullBySkopeo } from './peer-images.ts';
import { peerTest } from './peer-test.ts';

peerTest('skopeo: a layer of 1 GB in, placed, and out as a cluster pulls it', { timeout: 180_000 }, async () => {
  await using folder = await openTempFolder('door-large');
  const { path } = folder;
  await using aliyun = await openDockerRegistry({ folder: join(path, 'aliyun') });
  const configPath = await writeServiceConfig(path, { registries: { aliyun } });
  await using service = await startServiceProcess({ configPath, dataPath: join(path, 'data') });
  const { host } = new URL(service.api.url);
  const digest = await makeLargeImage(join(path, 'large'), 1_000_000_000);
  const into = ['--dest-tls-verify=false', '--dest-creds', CREDS, `docker://${host}/team/large:1`];
  await skopeo(['copy', '--preserve-digests', `dir:${join(path, 'large')}`, ...into], { timeoutMs: 120_000 });
  const { body } = await service.api.send('GET', '/v1/images/team%2Flarge/tags/1');
  await service.api.untilFinal((body as { push: string }).push, 'placed', '60s');
  const place = `${host}/cluster.cn-prod/team/large:1`;
  expect(await pullBySkopeo(place, join(path, 'out'), ['--src-creds', CREDS])).toBe(digest);
});
