import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Push } from '../../src/api/schema/push-schema.ts';
import { type DockerRegistry, openDockerRegistry } from '../support/docker-registry.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { digestBySkopeo, makeArchive, pullBySkopeo } from './peer-images.ts';
import { openPeerService, type PeerService } from './peer-service.ts';
import { hasPeers, peerTest } from './peer-test.ts';

const ENTREPOT = fileURLToPath(new URL('../../bin/entrepot.js', import.meta.url));

describe('archives that skopeo wrote', () => {
  const opened = new AsyncDisposableStack();
  let folder: TempFolder;
  let home: DockerRegistry;
  let service: PeerService;
  let docker: { file: string; digest: string };
  let oci: { file: string; digest: string };

  beforeAll(async () => {
    if (!hasPeers) return;
    folder = opened.use(await openTempFolder('peers-archive'));
    home = opened.use(await openDockerRegistry({ folder: join(folder.path, 'home') }));
    service = opened.use(await openPeerService({ source: { url: home.url }, home: { url: home.url } }));
    docker = await makeArchive(folder.path, 'docker-archive');
    oci = await makeArchive(folder.path, 'oci-archive');
  });
  afterAll(() => opened.disposeAsync());

  async function post(image: string, file: string): Promise<Push> {
    const response = await fetch(`${service.url}/v1/pushes?image=${encodeURIComponent(image)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar', authorization: `Bearer ${service.token}` },
      body: await openAsBlob(file),
    });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as Push;
    return service.api.getPush(id, '30s');
  }

  /** `entrepot push IMAGE --archive - --json < FILE`; answers the push that its last line is. */
  async function pushByCli(image: string, file: string): Promise<Push> {
    const args = [ENTREPOT, 'push', image, '--archive', '-', '--json', '--url', service.url];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ENTREPOT_TOKEN: service.token },
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    const closed = once(child, 'close');
    await pipeline(createReadStream(file), child.stdin);
    expect((await closed)[0]).toBe(0);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }

  peerTest(
    'a docker archive, by the API and by the command line: the same digest both times, and skopeo pulls it',
    async () => {
      const posted = await post('team/saved:1', docker.file);
      expect(posted).toMatchObject({ state: 'placed', source: { kind: 'archive' } });
      const pushed = await pushByCli('team/saved:2', docker.file);
      expect(pushed).toMatchObject({ state: 'placed', digest: posted.digest });
      for (const tag of ['1', '2'])
        expect(await pullBySkopeo(`${home.address}/team/saved:${tag}`, join(folder.path, tag))).toBe(posted.digest);
    },
  );

  peerTest('an OCI archive keeps its digest, by the API and by the command line', async () => {
    expect(await post('team/layout:1', oci.file)).toMatchObject({ state: 'placed', digest: oci.digest });
    expect(await pushByCli('team/layout:2', oci.file)).toMatchObject({ state: 'placed', digest: oci.digest });
    for (const tag of ['1', '2']) expect(await digestBySkopeo(`${home.address}/team/layout:${tag}`)).toBe(oci.digest);
  });
});
