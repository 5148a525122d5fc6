import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { listenHttp } from '../../../src/api/serve.ts';
import { CertificateFiles } from '../../../src/app/tls/certificate-files.ts';
import type { Log, LogFacts } from '../../../src/telemetry/log.ts';
import { Authority, hasOpenssl, type Issued } from '../../support/certificates.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';

/** A folder as kubelet mounts a secret: the files are links through `..data`, which is swapped as one. */
function mountSecret(folder: string) {
  let version = 0;
  const put = ({ cert, key }: Issued) => {
    const name = `..v${++version}`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'tls.crt'), cert);
    writeFileSync(join(folder, name, 'tls.key'), key);
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  symlinkSync(join('..data', 'tls.crt'), join(folder, 'tls.crt'));
  symlinkSync(join('..data', 'tls.key'), join(folder, 'tls.key'));
  return { put, certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
}

async function openListener() {
  const folder = await openTempFolder('tls');
  const authority = new Authority(folder.path);
  const secret = mountSecret(folder.path);
  secret.put(authority.issue('/CN=first', 'IP:127.0.0.1'));
  const logged: LogFacts[] = [];
  const note = (facts: LogFacts) => void logged.push(facts);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const clock = new TestClock();
  const files = new CertificateFiles({ files: secret, clock, log, lookEveryMs: 3_600_000 });
  const listener = await listenHttp({
    app: { fetch: () => new Response('ok') },
    host: '127.0.0.1',
    port: 0,
    tls: files,
    log,
  });
  const ca = readFileSync(authority.path);
  const ask = (agent: Agent) =>
    new Promise<{ subject: string; port: number | undefined }>((resolve, reject) => {
      request(listener.url, { agent, ca }, (response) => {
        const socket = response.socket as TLSSocket;
        const seen = { subject: String(socket.getPeerCertificate().subject.CN), port: socket.localPort };
        response.resume().once('end', () => resolve(seen));
      })
        .once('error', reject)
        .end();
    });
  return {
    authority,
    secret,
    files,
    clock,
    logged,
    ask,
    askAnew: () => ask(new Agent({ maxCachedSessions: 0 })).then(({ subject }) => subject),
    url: listener.url,
    port: listener.port,
    close: () => listener.close(15_000),
    async [Symbol.asyncDispose]() {
      await listener.close(0);
      files.close();
      await folder.remove();
    },
  };
}

describe.skipIf(!hasOpenssl)('a certificate in files (openssl)', () => {
  it('is taken up when the link above it is swapped, and connections go on', async () => {
    await using at = await openListener();
    expect(at.url).toMatch(/^https:/);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await at.ask(kept);
    expect(before.subject).toBe('first');
    at.secret.put(at.authority.issue('/CN=second', 'IP:127.0.0.1'));
    expect(await at.askAnew()).toBe('first');
    at.files.look();
    expect(await at.askAnew()).toBe('second');
    // The very same connection.
    expect((await at.ask(kept)).port).toBe(before.port);
    expect(at.logged.at(-1)).toMatchObject({ event: 'tls certificate replaced', subject: 'CN=second' });
    kept.destroy();
  });

  it.each<[string, (authority: Authority) => Issued]>([
    ['is none', () => ({ cert: 'garbage', key: 'garbage' })],
    [
      'has the key of another',
      (authority) => {
        const [one, other] = [authority.issue('/CN=one', 'IP:127.0.0.1'), authority.issue('/CN=other', 'IP:127.0.0.1')];
        return { cert: one.cert, key: other.key };
      },
    ],
    ['has expired already', (authority) => authority.issue('/CN=late', 'IP:127.0.0.1', -1)],
  ])('stays when its replacement %s; that is told once, and a good one taken later', async (_what, make) => {
    await using at = await openListener();
    at.secret.put(make(at.authority));
    at.files.look();
    // Between certificate and key of a replacement that is written file by file.
    expect(at.files.state.isReplacementRefused).toBe(false);
    for (let n = 0; n < 3; n++) at.files.look();
    expect(at.files.state.isReplacementRefused).toBe(true);
    expect(at.logged.filter(({ event }) => event === 'tls certificate refused')).toHaveLength(1);
    expect(JSON.stringify(at.logged)).not.toContain('PRIVATE KEY');
    expect(await at.askAnew()).toBe('first');
    at.secret.put(at.authority.issue('/CN=third', 'IP:127.0.0.1'));
    at.files.look();
    expect(at.files.state.isReplacementRefused).toBe(false);
    expect(await at.askAnew()).toBe('third');
  });

  it('is told a fortnight before it ends, once a day', async () => {
    await using at = await openListener();
    const told = () => at.logged.filter(({ event }) => event === 'tls certificate expires soon').length;
    at.files.look();
    expect(told()).toBe(0);
    // Given for 30 days: a fifth of that is less than a fortnight.
    at.clock.advance(25 * 86_400_000);
    at.files.look();
    at.files.look();
    expect(told()).toBe(1);
    at.clock.advance(86_400_000);
    at.files.look();
    expect(told()).toBe(2);
    at.clock.advance(10 * 86_400_000);
    at.files.look();
    expect(at.logged.at(-1)).toMatchObject({ event: 'tls certificate expired' });
  });

  it('ends when an intermediate one that is sent with it does', async () => {
    await using at = await openListener();
    const [long, short] = [
      at.authority.issue('/CN=leaf', 'IP:127.0.0.1', 20),
      at.authority.issue('/CN=part', 'DNS:x', 3),
    ];
    at.secret.put({ cert: `${long.cert}${short.cert}`, key: long.key });
    at.files.look();
    expect(await at.askAnew()).toBe('leaf');
    expect(at.files.state.expiresAtMs).toBe(new X509Certificate(short.cert).validToDate.getTime());
  });

  it('does not keep a listener open for a connection whose handshake never begins', async () => {
    await using at = await openListener();
    const silent = connect(at.port, '127.0.0.1');
    await once(silent, 'connect');
    // Far less than the time for a handshake, and than the grace of requests.
    const beganAt = performance.now();
    await at.close();
    expect(performance.now() - beganAt).toBeLessThan(10_000);
    silent.destroy();
  });

  it('that cannot be used ends the start', async () => {
    await using folder = { ...(await openTempFolder('tls')), async [Symbol.asyncDispose]() {} };
    const missing = { certificate: join(folder.path, 'none.crt'), key: join(folder.path, 'none.key') };
    const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
    expect(() => new CertificateFiles({ files: missing, clock: new TestClock(), log })).toThrow(/none\.crt/);
  });
});
