import { createServer, type RequestListener } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
// @ts-expect-error: oidc-provider brings no types.
import Provider from 'oidc-provider';

export type OidcServer = AsyncDisposable & {
  readonly issuer: string;
  /** What it was asked, as `METHOD /path`. */
  readonly asked: readonly string[];
  /** A token for this audience, signed by the server's newest key; its claims are the text of `scope` as JSON. */
  token(claims: Readonly<Record<string, unknown>>, audience?: string): Promise<string>;
  stop(): Promise<void>;
};

export async function newSigningKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

/** A real OpenID provider (oidc-provider) that gives a CI job its JWT by the client credentials grant. */
export async function openOidcServer(keys: readonly JWK[], port = 0): Promise<OidcServer> {
  const asked: string[] = [];
  const claimsOf = new Map<string, Readonly<Record<string, unknown>>>();
  let handle: RequestListener | undefined;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    void handle?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const provider = new Provider(issuer, {
    jwks: { keys },
    ttl: { ClientCredentials: 3600 },
    clients: [
      {
        client_id: 'project_path:team/app:ref:main',
        client_secret: 'job',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ['job'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          scope: 'job',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256', kid: keys.at(-1)?.kid } },
        }),
      },
    },
    extraTokenClaims: (_context: unknown, token: { aud: string }) => claimsOf.get(token.aud),
  });
  handle = provider.callback();
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    issuer,
    asked,
    async token(claims, audience = 'https://entrepot.test') {
      claimsOf.set(audience, claims);
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${encodeURIComponent('project_path:team/app:ref:main')}:job`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'job', resource: audience }),
      });
      const body = (await response.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(`the provider answered ${JSON.stringify(body)}`);
      return body.access_token;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
