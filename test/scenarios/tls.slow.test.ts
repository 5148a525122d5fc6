import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLayout } from '../peers/peer-images.ts';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { openTestRegistry } from '../support/registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import {
  runServiceProcess,
  type ServiceProcess,
  startAgentProcess,
  startServiceProcess,
} from '../support/service-process.ts';
import { hasSkopeo, skopeo } from '../support/skopeo.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
const run = promisify(execFile);

type Answer = { readonly status: number; readonly body: string; readonly subject: string };

function ask(url: string, options: { ca: string; token?: string; put?: string } & Partial<Issued>): Promise<Answer> {
  const { token, put, ...tls } = options;
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(put === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const method = put === undefined ? 'GET' : 'PUT';
  return new Promise((resolve, reject) => {
    request(url, { ...tls, method, headers, agent: false }, async (response) => {
      const subject = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      resolve({ status: response.statusCode ?? 0, body, subject });
    })
      .once('error', reject)
      .end(put);
  });
}

describe.skipIf(!hasOpenssl)('a service with a certificate of its own (openssl)', () => {
  const opened = new AsyncDisposableStack();
  let folder: TempFolder;
  let authority: Authority;
  let clients: Authority;
  let configPath: string;
  let service: ServiceProcess;
  let port: number;
  let url: string;
  let ca: string;
  const at = (name: string) => join(folder.path, name);
  const put = ({ cert, key }: Issued) => {
    writeFileSync(at('tls.crt'), cert);
    writeFileSync(at('tls.key'), key);
  };
  const serve = (...args: string[]) =>
    startServiceProcess({
      configPath,
      dataPath: at('data'),
      // Neither loopback nor allowed to be insecure: TLS is what lets it listen everywhere.
      args: ['--listen', `0.0.0.0:${port}`, ...args],
    });
  const cli = async (args: readonly string[], env: Record<string, string> = { ENTREPOT_CA: authority.path }) =>
    run(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ENTREPOT_URL: url, ENTREPOT_TOKEN: TEST_TOKEN, ...env },
    });

  beforeAll(async () => {
    folder = opened.use(await openTempFolder('tls-scenario'));
    const aliyun = opened.use(await openTestRegistry());
    const singapore = opened.use(await openTestRegistry());
    authority = new Authority(folder.path);
    clients = new Authority(folder.path, 'clients');
    put(authority.issue('/CN=first', 'IP:127.0.0.1,DNS:localhost'));
    ca = readFileSync(authority.path, 'utf8');
    configPath = await writeServiceConfig(folder.path, {
      registries: { aliyun: { url: aliyun.url }, singapore: { url: singapore.url } },
      more: {
        tls: {
          certificate: 'file:tls.crt',
          key: 'file:tls.key',
          clientCa: 'file:clients.pem',
          clients: [
            { when: { cn: 'us-east-prod' }, role: 'cluster', cluster: '{cn}' },
            { when: { o: 'ops' }, role: 'ops' },
            { when: { o: 'agents', cn: '*' }, role: 'agent', site: '{cn}' },
          ],
        },
      },
    });
    port = await findFreePort();
    service = await serve();
    url = service.api.url;
  });
  afterAll(async () => {
    await service?.kill();
    await opened.disposeAsync();
  });

  it('is spoken to by the command line that trusts its authority, and by no other', async () => {
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(JSON.parse((await cli(['images', '--json'])).stdout)).toMatchObject({ items: [] });
    await expect(cli(['images'], {})).rejects.toMatchObject({ stderr: expect.stringContaining('ENTREPOT_CA') });
  });

  it('is refused without TLS where others can reach it', async () => {
    mkdirSync(at('plain'), { recursive: true });
    const plain = await writeServiceConfig(at('plain'), { registries: { aliyun: { url: 'http://127.0.0.1:1' } } });
    const ended = await runServiceProcess({ configPath: plain, dataPath: at('plain'), args: ['--listen', ':0'] });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('--tls-cert and --tls-key');
  });

  it('knows callers by a client certificate of the authority that it believes, and what they did by its name', async () => {
    const asked = `${url}/v1/resolve?image=team/app:1`;
    const strangers = new Authority(folder.path, 'strangers');
    const cluster = clients.issue('/CN=us-east-prod', 'DNS:us-east-prod');
    const statusOf = async (path: string, who: Partial<Issued>) => (await ask(path, { ca, ...who })).status;
    expect(JSON.parse((await ask(asked, { ca, ...cluster })).body)).toMatchObject({ code: 'image_unknown' });
    expect(await statusOf(`${asked}&cluster=cn-prod`, cluster)).toBe(403);
    expect(await statusOf(asked, {})).toBe(401);
    expect(await statusOf(asked, clients.issue('/CN=other', 'DNS:us-east-prod'))).toBe(401);
    expect(await statusOf(asked, strangers.issue('/CN=us-east-prod', 'DNS:x'))).toBe(401);
    expect(await statusOf(asked, clients.issue('/CN=us-east-prod', 'DNS:x', -1))).toBe(401);
    expect(await statusOf(`${url}/v1/registries`, clients.issue('/O=ops/CN=jo', 'DNS:jo'))).toBe(200);

    const body = JSON.stringify({ registry: 'singapore', reason: 'by certificate' });
    const chosen = await ask(`${url}/v1/choices/team%2F*`, {
      ca,
      ...clients.issue('/O=ops/CN=jo', 'DNS:jo'),
      put: body,
    });
    expect(chosen.status).toBe(200);
    const { stdout } = await cli(['audit', '--jsonl', '--action', 'choice.set']);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      who: 'certificate:jo',
      role: 'ops',
      via: 'certificate',
    });
  });

  describe('asked without a token', () => {
    const identity = (subject: string, authority = clients): Record<string, string> => {
      const { cert, key } = authority.issue(subject, 'DNS:client');
      writeFileSync(at('client.crt'), cert);
      writeFileSync(at('client.key'), key);
      return { ENTREPOT_CLIENT_CERT: at('client.crt'), ENTREPOT_CLIENT_KEY: at('client.key') };
    };
    const without = (env: Record<string, string>): Record<string, string> => ({
      ENTREPOT_CA: authority.path,
      ENTREPOT_TOKEN: '',
      ...env,
    });

    it('knows the command line by its client certificate', async () => {
      const ops = without(identity('/O=ops/CN=jo'));
      await cli(['choose', 'team/cli', 'singapore', '--reason', 'shown by certificate'], ops);
      const { stdout } = await cli(['audit', '--jsonl', '--action', 'choice.set']);
      expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ who: 'certificate:jo', via: 'certificate' });
    });

    it('says to the command line what may be wrong with a certificate that opens nothing', async () => {
      const stderr = (text: string) => ({ stderr: expect.stringContaining(text) });
      const none = without(identity('/O=nobody/CN=jo'));
      await expect(cli(['images'], none)).rejects.toMatchObject({ code: 1, ...stderr('tls.clients') });
      await expect(cli(['images'], without({}))).rejects.toMatchObject({ code: 1, ...stderr('No token is set') });
      const { ENTREPOT_CLIENT_KEY: _, ...half } = none;
      await expect(cli(['images'], half)).rejects.toMatchObject(stderr('ENTREPOT_CLIENT_KEY: is missing'));
      writeFileSync(at('client.key'), clients.issue('/CN=other', 'DNS:other').key);
      await expect(cli(['images'], none)).rejects.toMatchObject(stderr('client.crt with the key'));
    });

    it('lets an agent in by its client certificate, and by the one that takes its place', async () => {
      const env = without(identity('/O=agents/CN=us-east'));
      await using agent = await startAgentProcess({ site: 'us-east', dataPath: at('agent-2'), serviceUrl: url, env });
      const isReady = async () => (await fetch(`${agent.api.url}/readyz`)).status === 200;
      await eventually(isReady, { what: 'its copy' });
      const refused = () => agent.stdout.includes('the service does not let this agent in');
      expect(refused()).toBe(false);
      identity('/O=nobody/CN=us-east');
      await eventually(refused, { deadlineMs: 90_000, what: 'a certificate that lets nobody in' });
    });
  });

  it('has its door spoken to by skopeo with the folder of the authority', async ({ skip }) => {
    if (!hasSkopeo()) skip('skopeo is not installed');
    const certs = at('certs');
    mkdirSync(certs, { recursive: true });
    writeFileSync(join(certs, 'ca.crt'), ca);
    const { digest } = await makeLayout(at('layout'), 100_000);
    const creds = `ci:${TEST_TOKEN}`;
    const there = `docker://127.0.0.1:${port}/team/app:1`;
    await skopeo(['copy', '--dest-cert-dir', certs, '--dest-creds', creds, `oci:${at('layout')}:1.2.3`, there]);
    const { stdout } = await cli(['images', 'team/app', '--json']);
    expect(stdout).toContain(digest);
    await skopeo(['copy', '--src-cert-dir', certs, '--src-creds', creds, there, `dir:${at('out')}`]);
    await expect(skopeo(['inspect', '--creds', creds, there])).rejects.toThrow(/certificate/);
  });

  it('is asked by an agent that trusts its authority and listens with a certificate too', async () => {
    await using agent = await startAgentProcess({
      site: 'us-east',
      dataPath: at('agent'),
      serviceUrl: url,
      env: { ENTREPOT_CA: authority.path },
      args: ['--tls-cert', at('tls.crt'), '--tls-key', at('tls.key')],
    });
    expect(agent.api.url).toMatch(/^https:/);
    await eventually(async () => (await ask(`${agent.api.url}/readyz`, { ca })).status === 200, { what: 'its copy' });
  });

  it('takes a new certificate without a restart, keeps the old one from a broken one, and says so', async () => {
    const logged = (event: string) => () => service.stdout.includes(`"event":"${event}"`);
    put(authority.issue('/CN=second', 'IP:127.0.0.1'));
    await eventually(logged('tls certificate replaced'), { what: 'the new certificate' });
    expect((await ask(`${url}/healthz`, { ca })).subject).toBe('second');
    writeFileSync(at('tls.crt'), 'half a certificate');
    await eventually(logged('tls certificate refused'), { deadlineMs: 30_000, what: 'its refusal' });
    expect((await ask(`${url}/healthz`, { ca })).subject).toBe('second');
    const metrics = (await ask(`${url}/metrics`, { ca, token: TEST_TOKEN })).body;
    expect(metrics).toMatch(/^entrepot_tls_replacement_refused 1$/m);
    const expires = Number(/^entrepot_tls_certificate_expires_timestamp_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(expires * 1_000).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    const doctor = await cli(['doctor', '--config', configPath, '--json']).catch((error: { stdout: string }) => error);
    expect(JSON.parse(doctor.stdout).service).toMatchObject([{ check: 'certificate', state: 'failed' }]);
    put(authority.issue('/CN=third', 'IP:127.0.0.1'));
    await eventually(async () => (await ask(`${url}/healthz`, { ca })).subject === 'third', { what: 'the good one' });
  });

  it('hands over to the next process', async () => {
    const before = service;
    const next = serve('--takeover', '60s');
    await eventually(async () => (await before.stop()).code === 0, { what: 'the end of the first' });
    service = await next;
    expect(service.pid).not.toBe(before.pid);
    expect((await cli(['images', '--json'])).stdout).toContain('team/app');
  });
});
