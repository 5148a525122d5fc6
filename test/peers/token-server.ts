import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { TEST_CERTIFICATE, TEST_KEY } from '../net/tls-fixture.ts';

export const TOKEN_SERVICE = 'peer-registry';
export const TOKEN_ISSUER = 'peer-issuer';

export type TokenServer = AsyncDisposable & {
  readonly realm: string;
  /** How many tokens were given out, and for which scopes. */
  readonly scopes: readonly string[][];
};

/**
 * Issues tokens that docker-registry believes: JWTs signed by the test certificate, which travels along. One user.
 * Source: distribution, docs/content/spec/auth/jwt.md.
 */
export async function openTokenServer(user: { username: string; password: string }): Promise<TokenServer> {
  const scopes: string[][] = [];
  const expected = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://token');
    if (request.method !== 'GET' || request.headers.authorization !== expected) {
      response.writeHead(request.method === 'GET' ? 401 : 404).end();
      return;
    }
    const asked = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
    scopes.push(asked);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token: makeToken(user.username, asked), expires_in: 60 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    realm: `http://127.0.0.1:${port}/token`,
    scopes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function makeToken(subject: string, scopes: readonly string[]): string {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',') };
  });
  const header = {
    typ: 'JWT',
    alg: 'ES256',
    x5c: [new X509Certificate(TEST_CERTIFICATE).raw.toString('base64')],
  };
  const claims = {
    iss: TOKEN_ISSUER,
    sub: subject,
    aud: TOKEN_SERVICE,
    exp: nowSeconds + 60,
    nbf: nowSeconds - 10,
    iat: nowSeconds,
    jti: randomUUID(),
    access,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = { key: createPrivateKey(TEST_KEY), dsaEncoding: 'ieee-p1363' as const };
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}
