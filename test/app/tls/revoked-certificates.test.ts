import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PeerCertificates } from '../../../src/access/peer-certificates.ts';
import { listenHttp } from '../../../src/api/serve.ts';
import { CertificateFiles } from '../../../src/app/tls/certificate-files.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { world } from '../../api/samples.ts';
import { Authority, hasOpenssl, type Issued } from '../../support/certificates.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';

/** A service that answers who it takes the caller for; `slow` once it is let go. */
async function openListener() {
  const folder = await openTempFolder('revoked');
  const [servers, clients] = [new Authority(folder.path, 'servers'), new Authority(folder.path, 'clients')];
  const at = (name: string) => join(folder.path, name);
  const { cert, key } = servers.issue('/CN=service', 'IP:127.0.0.1');
  writeFileSync(at('tls.crt'), cert);
  writeFileSync(at('tls.key'), key);
  writeFileSync(at('crl.pem'), clients.revoke());
  const clock = new TestClock();
  clock.jump(Date.now() - clock.nowMs());
  const paths = { certificate: at('tls.crt'), key: at('tls.key'), clientCa: clients.path, revoked: at('crl.pem') };
  const files = new CertificateFiles({ files: paths, clock, log: silentLog, lookEveryMs: 3_600_000 });
  const peers = new PeerCertificates({
    rules: [{ when: [{ claim: 'cn', patterns: ['*'] }], role: 'ops' }],
    world,
    clock,
  });
  const slow = Promise.withResolvers<void>();
  const listener = await listenHttp({
    ...{ app: { fetch: () => new Response() }, host: '127.0.0.1', port: 0, tls: files, log: silentLog },
    shortcut(incoming, outgoing) {
      const name = peers.identifyPeer(incoming.socket)?.name ?? 'nobody';
      if (incoming.url === '/slow') void slow.promise.then(() => outgoing.end(name));
      else outgoing.end(name);
      return true;
    },
  });
  const agents: Agent[] = [];
  const come = ({ cert, key }: Issued) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(servers.path), cert, key });
    agents.push(agent);
    return (path = '/') =>
      new Promise<string>((resolve, reject) => {
        request(`${listener.url}${path}`, { agent }, async (response) => {
          let text = '';
          for await (const part of response.setEncoding('utf8')) text += part;
          resolve(text);
        })
          .once('error', reject)
          .end();
      });
  };
  return {
    ...{ clients, come, slow },
    replace(list: string) {
      writeFileSync(paths.revoked, list);
      files.look();
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) agent.destroy();
      await listener.close(0);
      files.close();
      await folder.remove();
    },
  };
}

describe.skipIf(!hasOpenssl)('a list of revoked client certificates (openssl)', () => {
  it('is taken up when it changes, and counts for connections that stand', async () => {
    await using service = await openListener();
    const [kept, lost] = ['kept', 'lost'].map((name) => service.clients.issue(`/CN=${name}`, `DNS:${name}`));
    if (kept === undefined || lost === undefined) throw new Error('two were issued');
    const [asKept, asLost, asBusy] = [service.come(kept), service.come(lost), service.come(lost)];
    expect(await Promise.all([asKept(), asLost(), asBusy()])).toEqual([
      'certificate:kept',
      'certificate:lost',
      'certificate:lost',
    ]);
    const underWay = asBusy('/slow');
    await service.come(kept)();
    service.replace(service.clients.revoke(lost));
    service.slow.resolve();
    // It was let in before.
    expect(await underWay).toBe('certificate:lost');
    expect(await Promise.all([asKept(), asLost(), asBusy()])).toEqual(['certificate:kept', 'nobody', 'nobody']);
  });

  it('that cannot be read changes nothing', async () => {
    await using service = await openListener();
    const [kept, lost] = ['kept', 'lost'].map((name) => service.clients.issue(`/CN=${name}`, `DNS:${name}`));
    if (kept === undefined || lost === undefined) throw new Error('two were issued');
    service.replace(service.clients.revoke(lost));
    for (const text of ['', '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n']) service.replace(text);
    expect(await Promise.all([service.come(kept)(), service.come(lost)()])).toEqual(['certificate:kept', 'nobody']);
  });
});
