import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { entrepot } from './support/command-line.ts';

type Kind = 'good' | 'expired' | 'otherHost' | 'stranger';

describe.skipIf(!hasOpenssl)('a connection to the service that TLS keeps from being made (openssl)', () => {
  const opened = new AsyncDisposableStack();
  const urls = {} as Record<Kind | 'plain', string>;
  let folder: TempFolder;
  let authority: Authority;

  beforeAll(async () => {
    folder = opened.use(await openTempFolder('tls-trouble'));
    authority = new Authority(folder.path);
    const stranger = new Authority(folder.path, 'stranger');
    const answer = () => createHttpServer((_, response) => void response.end('{"items": [], "next": null}'));
    const secure = ({ cert, key }: Issued) =>
      createHttpsServer({ cert, key }, (_, response) => {
        response.setHeader('content-type', 'application/json').end('{"items": [], "next": null}');
      });
    const here = 'IP:127.0.0.1';
    const servers: Record<Kind | 'plain', Server> = {
      good: secure(authority.issue('/CN=good', here)),
      expired: secure(authority.issue('/CN=expired', here, -1)),
      otherHost: secure(authority.issue('/CN=other', 'DNS:entrepot.example')),
      stranger: secure(stranger.issue('/CN=stranger', here)),
      plain: answer(),
    };
    for (const [kind, server] of Object.entries(servers)) {
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      opened.defer(() => void server.close());
      const { port } = server.address() as AddressInfo;
      urls[kind as Kind] = `${kind === 'plain' ? 'http' : 'https'}://127.0.0.1:${port}`;
    }
  });
  afterAll(() => opened.disposeAsync());

  const list = (url: string, env: Record<string, string> = {}) => entrepot({ url, env }, 'images');

  // First: once an authority is trusted, this process trusts it to its end.
  test('is explained where the authority is unknown, with the setting that names it', async () => {
    const { exitCode, stderr } = await list(urls.good);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the service's certificate is from an authority that is not trusted here [tls_failed]");
    expect(stderr).toContain('Set ENTREPOT_CA to the PEM file');
  });

  test('does not come up with ENTREPOT_CA', async () => {
    expect(await list(urls.good, { ENTREPOT_CA: authority.path })).toMatchObject({ exitCode: 0 });
  });

  test.each<[Kind, string, string]>([
    ['expired', "the service's certificate has expired", 'Whoever runs the service must renew it'],
    [
      'otherHost',
      "the service's certificate is for another host (DNS:entrepot.example)",
      'by a name that its certificate has',
    ],
    ['stranger', 'from an authority that is not trusted here', 'which does not hold the authority that signed it'],
  ])('is explained: %s', async (kind, reason, hint) => {
    const { exitCode, stderr } = await list(urls[kind], { ENTREPOT_CA: authority.path });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${reason} [tls_failed]`);
    expect(stderr).toContain(hint);
  });

  test('is explained where there is no TLS', async () => {
    const { stderr } = await list(urls.plain.replace('http:', 'https:'));
    expect(stderr).toContain('what listens there speaks no TLS [tls_failed]');
    expect(stderr).toContain('asked with http://');
  });

  test('is explained, and not tried again, where there is nothing but TLS', async () => {
    const { stderr } = await list(urls.good.replace('https:', 'http:'));
    expect(stderr).not.toContain('trying again');
    expect(stderr).toContain('speaks TLS, and was spoken to without [tls_failed]');
    expect(stderr).toContain(`export ENTREPOT_URL=${urls.good}`);
  });

  test('is a mistake in ENTREPOT_CA that names it', async () => {
    const { exitCode, stderr } = await list(urls.good, { ENTREPOT_CA: `${folder.path}/none.pem` });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ENTREPOT_CA:');
    expect(stderr).toContain('none.pem cannot be used');
  });
});
