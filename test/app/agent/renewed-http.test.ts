import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRenewedHttp } from '../../../src/app/agent/renewed-http.ts';
import type { ClientIdentity } from '../../../src/kernel/client-identity.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { openHttpClient } from '../../../src/net/open-http-client.ts';
import { Authority, hasOpenssl } from '../../support/certificates.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';

describe.skipIf(!hasOpenssl)('HTTP with a client certificate that is renewed (openssl)', () => {
  let folder: TempFolder;
  let authority: Authority;
  let server: Server;
  let url: string;
  let ca: string;
  /** Answers that were begun and wait to be ended. */
  const held: (() => void)[] = [];

  beforeAll(async () => {
    folder = await openTempFolder('renewed-http');
    authority = new Authority(folder.path);
    ca = readFileSync(authority.path, 'utf8');
    const own = authority.issue('/CN=service', 'IP:127.0.0.1');
    server = createServer({ ...own, ca, requestCert: true }, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.write(String(subject?.CN));
      if (request.url === '/held') held.push(() => response.end());
      else response.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });

  const identityOf = (name: string): ClientIdentity => {
    const { cert, key } = authority.issue(`/CN=${name}`, 'DNS:client');
    return { cert, key: new Secret(key) };
  };

  it('shows the new one from the next request on, and ends no request for it', async () => {
    let inFiles: () => ClientIdentity | undefined = () => first;
    const [first, second] = [identityOf('first'), identityOf('second')];
    const http = openRenewedHttp(
      () => inFiles(),
      (identity) => openHttpClient({ ca, ...(identity === undefined ? {} : { identity }) }),
    );
    const ask = async (path = '/') => {
      const response = await http.request({ method: 'GET', url: `${url}${path}` });
      return async () => Buffer.from(await response.bytes(100)).toString();
    };
    const waiting = await ask('/held');
    expect(await (await ask())()).toBe('first');
    inFiles = () => {
      throw new Error('half a file');
    };
    expect(await (await ask())()).toBe('first');
    inFiles = () => second;
    expect(await (await ask())()).toBe('second');
    for (const end of held) end();
    expect(await waiting()).toBe('first');
    await http.close();
  });

  it('fails at once where there is none that can be used', () => {
    const read = () => {
      throw new Error('no such file');
    };
    expect(() => openRenewedHttp(read, () => openHttpClient({ ca }))).toThrow('no such file');
  });
});
