import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openTestRegistry } from '../support/registry.ts';
import { openTestService, type TestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { skopeo } from '../support/skopeo.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { digestBySkopeo, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { hasPeers, peerTest } from './peer-test.ts';

describe('docker login, by skopeo', () => {
  const opened = new AsyncDisposableStack();
  const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 200_000 }] });
  let folder: TempFolder;
  let service: TestService;
  let address: string;
  let ci: ServiceApi;
  let cluster: ServiceApi;

  beforeAll(async () => {
    if (!hasPeers) return;
    folder = opened.use(await openTempFolder('login'));
    const aliyun = opened.use(await openTestRegistry());
    const singapore = opened.use(await openTestRegistry());
    service = opened.use(await openTestService({ registries: { aliyun, singapore }, choose: 'singapore' }));
    address = new URL(service.api.url).host;
    ci = await service.api.withToken({ role: 'ci', name: 'ci-team', images: ['team/*'] });
    cluster = await service.api.withToken({ role: 'cluster', cluster: 'us-east-prod' });
  });
  afterAll(() => opened.disposeAsync());

  async function login(user: string, token: string): Promise<readonly string[]> {
    const authFile = join(folder.path, `${user}.json`);
    await skopeo(['login', '--tls-verify=false', '--authfile', authFile, '-u', user, '-p', token, address]);
    return ['--authfile', authFile];
  }

  peerTest('a token logs in as any user, and a wrong one as none', async () => {
    expect(await login('anyone', ci.token)).toHaveLength(2);
    await expect(login('stranger', 'entrepot_wrong')).rejects.toThrow('invalid username/password');
    await expect(digestBySkopeo(`${address}/team/app:1`)).rejects.toThrow('unauthorized');
  });

  peerTest('ci pushes and pulls the images that its patterns match, and no others', async () => {
    const auth = await login('ci', ci.token);
    await pushBySkopeo(image, { address }, 'team/app:1', auth);
    expect(await digestBySkopeo(`${address}/team/app:1`, auth)).toBe(image.digest);
    await expect(pushBySkopeo(image, { address }, 'other/app:1', auth)).rejects.toThrow(/denied|not allowed/);
    await expect(digestBySkopeo(`${address}/other/app:1`, auth)).rejects.toThrow(/denied|not allowed/);
    const { body } = await ci.send('GET', '/v1/pushes');
    const { items } = body as { items: { id: string; image: string }[] };
    expect(items.map((push) => push.image)).toEqual(['team/app:1']);
    await service.api.untilFinal(items[0]?.id ?? '');
  });

  peerTest('a cluster pulls by its token alone, and cannot push', async () => {
    const auth = await login('cluster', cluster.token);
    expect(await pullBySkopeo(`${address}/team/app:1`, join(folder.path, 'pulled'), auth)).toBe(image.digest);
    const named = `${address}/cluster.us-east-prod/team/app:1`;
    expect(await digestBySkopeo(named, ['--creds', `x:${cluster.token}`])).toBe(image.digest);
    await expect(digestBySkopeo(`${address}/cluster.cn-prod/team/app:1`, auth)).rejects.toThrow(/denied|not allowed/);
    await expect(pushBySkopeo(image, { address }, 'team/app:2', auth)).rejects.toThrow();
    expect((await service.api.send('GET', '/v1/images/team%2Fapp/tags/2')).status).toBe(404);
  });

  peerTest('a token that is revoked pulls nothing more, whatever was logged in with it', async () => {
    const auth = await login('ci', ci.token);
    const { items } = (await service.api.send('GET', '/v1/tokens')).body as { items: { id: string; name: string }[] };
    await service.api.send('DELETE', `/v1/tokens/${items.find(({ name }) => name === 'ci-team')?.id}`);
    await expect(digestBySkopeo(`${address}/team/app:1`, auth)).rejects.toThrow(
      /invalid username\/password|unauthorized/,
    );
  });
});
