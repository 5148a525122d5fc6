import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { TEST_CA } from '../net/tls-fixture.ts';
import { openDockerRegistry } from '../support/docker-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';
import { digestBySkopeo, pullBySkopeo, pushBySkopeo } from './peer-images.ts';
import { openPeerService } from './peer-service.ts';
import { peerTest } from './peer-test.ts';
import { openTokenServer, TOKEN_ISSUER, TOKEN_SERVICE } from './token-server.ts';

const USER = { username: 'ci', password: 'peer-secret' };
/** bcrypt of the password, as `htpasswd -B` writes it. */
const HTPASSWD = `${USER.username}:$2b$05$abcdefghijklmnopqrstuuAhY.FMHMyx8pp0oFe8FuDMDLB7y6IiO\n`;
const AS_USER = `${USER.username}:${USER.password}`;

const image = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], layers: [{ size: 1_500_000 }] });

describe('docker-registries that ask who is there', () => {
  peerTest('Basic: a htpasswd file at the source and at both targets', async () => {
    await using folder = await openTempFolder('peers-basic');
    const htpasswd = join(folder.path, 'htpasswd');
    await writeFile(htpasswd, HTPASSWD);
    const auth = { htpasswd: { realm: 'peers', path: htpasswd } };
    await using source = await openDockerRegistry({ folder: join(folder.path, 'source'), auth });
    await using home = await openDockerRegistry({ folder: join(folder.path, 'home'), auth });
    await using relay = await openDockerRegistry({ folder: join(folder.path, 'relay'), auth });
    const credentials = await writeCredentials(folder.path);
    await using service = await openPeerService({
      source: { url: source.url, credentials },
      home: { url: home.url, credentials },
      relays: { singapore: { url: relay.url, credentials } },
    });
    await pushBySkopeo(image, source, 'team/app:1', [`--dest-creds=${AS_USER}`]);
    const { id } = await service.api.push('team/app:1', 'source/team/app:1');
    expect((await service.api.getPush(id, '30s')).state).toBe('placed');
    for (const { address } of [home, relay])
      expect(await digestBySkopeo(`${address}/team/app:1`, [`--creds=${AS_USER}`])).toBe(image.digest);
    expect(JSON.stringify(service.log)).not.toContain(USER.password);
  });

  peerTest('wrong credentials: the source refuses at once, a target makes its own leg wait', async () => {
    await using folder = await openTempFolder('peers-wrong');
    const htpasswd = join(folder.path, 'htpasswd');
    await writeFile(htpasswd, HTPASSWD);
    const auth = { htpasswd: { realm: 'peers', path: htpasswd } };
    await using locked = await openDockerRegistry({ folder: join(folder.path, 'locked'), auth });
    await using open = await openDockerRegistry({ folder: join(folder.path, 'open') });
    const credentials = await writeCredentials(folder.path, 'another');
    await pushBySkopeo(image, open, 'team/app:1');

    await using refused = await openPeerService({
      source: { url: locked.url, credentials },
      home: { url: open.url },
    });
    await expect(refused.api.push('team/app:1', 'source/team/app:1')).rejects.toThrow(/422.*source_denied/s);

    await using halved = await openPeerService({
      source: { url: open.url },
      home: { url: open.url, prefix: 'web3d' },
      relays: { singapore: { url: locked.url, credentials } },
    });
    const { id } = await halved.api.push('team/app:1', 'source/team/app:1');
    // An operator may put the credentials right while the leg waits.
    const legs = await eventually(async () => {
      const { transfers } = await halved.api.getPush(id);
      return transfers[0]?.state === 'placed' && transfers[1]?.state === 'waiting' ? transfers : undefined;
    });
    expect(legs.map(({ registry, error }) => ({ registry, error }))).toEqual([
      { registry: 'home', error: null },
      {
        registry: 'singapore',
        error: expect.objectContaining({ side: 'target', detail: expect.stringContaining('401') }),
      },
    ]);
    expect(JSON.stringify(legs)).not.toContain('another');
  });

  peerTest('Bearer: tokens of a token server, for the source and for the targets', async () => {
    await using folder = await openTempFolder('peers-token');
    const rootcertbundle = join(folder.path, 'ca.pem');
    await writeFile(rootcertbundle, TEST_CA);
    await using tokens = await openTokenServer(USER);
    const auth = { token: { realm: tokens.realm, service: TOKEN_SERVICE, issuer: TOKEN_ISSUER, rootcertbundle } };
    await using source = await openDockerRegistry({ folder: join(folder.path, 'source'), auth });
    await using home = await openDockerRegistry({ folder: join(folder.path, 'home'), auth });
    const credentials = await writeCredentials(folder.path);
    await using service = await openPeerService({
      // The token server is at an address that only configuration may name.
      source: { url: source.url, credentials, internal: true },
      home: { url: home.url, credentials, internal: true },
    });
    await pushBySkopeo(image, source, 'team/app:1', [`--dest-creds=${AS_USER}`]);
    const bySkopeo = tokens.scopes.length;
    const { id } = await service.api.push('team/app:1', 'source/team/app:1');
    const push = await service.api.getPush(id, '30s');
    expect(push.transfers.map(({ state, error }) => ({ state, error }))).toEqual([{ state: 'placed', error: null }]);
    expect(
      await pullBySkopeo(`${home.address}/team/app:1`, join(folder.path, 'pulled'), [`--src-creds=${AS_USER}`]),
    ).toBe(image.digest);
    const asked = tokens.scopes.slice(bySkopeo).flat();
    expect(asked).toContain('repository:team/app:pull');
    expect(asked.some((scope) => /^repository:team\/app:(pull,push|push,pull)$/.test(scope))).toBe(true);
  });
});

/** As an operator keeps them: in a file that the configuration names. */
async function writeCredentials(folder: string, password = USER.password) {
  const file = join(folder, 'password');
  await writeFile(file, `${password}\n`);
  return { username: USER.username, password: `file:${file}` };
}
