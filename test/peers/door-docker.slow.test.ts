import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type DockerDaemon, hasDocker, openDockerDaemon } from '../support/docker-daemon.ts';
import { openTestRegistry } from '../support/registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { hasSkopeo } from '../support/skopeo.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { clientTest } from './client-test.ts';
import { openClientWorld } from './client-world.ts';
import { digestBySkopeo, makeArchive } from './peer-images.ts';
import { untilMidway } from './upload-under-way.ts';

const isUsable = hasDocker() && hasSkopeo();
const LAYER_BYTES = 24_000_000;

describe('docker at the door', () => {
  const opened = new AsyncDisposableStack();
  let docker: DockerDaemon['docker'];
  beforeAll(async () => {
    if (!isUsable) return;
    const { path } = opened.use(await openTempFolder('docker'));
    ({ docker } = opened.use(await openDockerDaemon(join(path, 'daemon'))));
    const { file } = await makeArchive(path, 'docker-archive', LAYER_BYTES);
    await docker('load', '--input', file);
  });
  afterAll(() => opened.disposeAsync());

  clientTest('docker', isUsable)('push survives kill -9 of the service in the middle of a layer', async () => {
    await using folder = await openTempFolder('door-docker-killed');
    await using aliyun = await openTestRegistry();
    const configPath = await writeServiceConfig(folder.path, { registries: { aliyun } });
    const dataPath = join(folder.path, 'data');
    await using first = await startServiceProcess({ configPath, dataPath });
    const { host } = new URL(first.api.url);
    await docker('login', '-u', 'ci', '-p', TEST_TOKEN, host);
    await docker('tag', 'team/app:1.2.3', `${host}/team/app:1`);
    const pushing = docker('push', `${host}/team/app:1`);
    pushing.catch(() => {});
    await untilMidway(dataPath, LAYER_BYTES);
    await first.kill();
    await using second = await startServiceProcess({ configPath, dataPath, port: first.port });
    // It tries again with the token that it has, and does not ask for another one.
    const said = await pushing;
    const { body } = await second.api.send('GET', '/v1/images/team%2Fapp/tags/1');
    const { digest } = await second.api.untilFinal((body as { push: string }).push, 'placed', '60s');
    expect(said).toContain(digest);
    expect(await digestBySkopeo(`${aliyun.address}/team/app:1`)).toBe(digest);
  });

  clientTest('docker', isUsable)('login, push, pull as a cluster, and logout', async () => {
    await using world = await openClientWorld('door-docker');
    const { address, cluster, relay, untilPlaced } = world;
    const image = `${address}/docker/app:1`;
    await docker('tag', 'team/app:1.2.3', image);
    await expect(docker('push', image)).rejects.toThrow(/unauthorized|no basic auth credentials/);
    await expect(docker('login', '-u', 'ci', '-p', 'wrong', address)).rejects.toThrow('unauthorized');
    await docker('login', '-u', 'ci', '-p', TEST_TOKEN, address);
    const said = await docker('push', image);
    const digest = await untilPlaced('docker/app', '1');
    expect(said).toContain(digest);
    expect(await digestBySkopeo(`${relay.address}/docker/app:1`)).toBe(digest);
    // Every layer is there already.
    await docker('tag', image, `${address}/docker/again:1`);
    expect(await docker('push', `${address}/docker/again:1`)).toContain(digest);

    const id = (await docker('image', 'inspect', '--format', '{{.Id}}', image)).trim();
    await docker('image', 'rm', '--force', id);
    await docker('pull', `${cluster}/docker/app:1`);
    expect((await docker('image', 'inspect', '--format', '{{.Id}}', `${cluster}/docker/app:1`)).trim()).toBe(id);
    await docker('logout', address);
    await expect(docker('pull', image)).rejects.toThrow(/unauthorized|no basic auth credentials/);
  });
});
