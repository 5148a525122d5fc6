import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Authenticator } from '../../access/authenticator.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { redactUrl } from '../../kernel/redact-url.ts';
import type { HttpClient } from '../../net/http-client.ts';
import { openHttpClient } from '../../net/open-http-client.ts';
import type { OidcIssuer, World } from '../../regions/world.ts';
import type { Log } from '../../telemetry/log.ts';

/** A caller waits so long for its issuer's keys at most. */
const ANSWER_MS = 5_000;
/** Key sets and discovery documents are a few kilobytes. */
const LARGEST_DOCUMENT_BYTES = 256 * 1024;

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });
/** OpenID Connect Discovery 1.0, section 3. */
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

export type Oidc = { readonly authenticators: readonly Authenticator[]; close(): Promise<void> };

/**
 * The configured identity providers; none is asked before somebody presents a token of it. What reads their tokens is
 * loaded only where there is one.
 */
export async function openOidc({ world, clock, log }: { world: World; clock: Clock; log: Log }): Promise<Oidc> {
  if (world.access.oidc.length === 0) return { authenticators: [], async close() {} };
  const [{ IssuerKeys }, { OidcAuthenticator }] = await Promise.all([
    import('../../access/oidc/issuer-keys.ts'),
    import('../../access/oidc/oidc-authenticator.ts'),
  ]);
  const opened = world.access.oidc.map((issuer) => {
    const source = new KeySource(issuer);
    const keys = new IssuerKeys({
      read: () => source.read(),
      clock,
      onTrouble: (trouble) =>
        trouble === undefined
          ? log.info({ event: 'issuer keys again', issuer: issuer.name })
          : log.warn({ event: 'issuer keys missing', issuer: issuer.name, detail: trouble.detail }),
    });
    return { source, authenticator: new OidcAuthenticator({ issuer, keys, world, clock }) };
  });
  return {
    authenticators: opened.map(({ authenticator }) => authenticator),
    async close() {
      await Promise.all(opened.map(({ source }) => source.close()));
    },
  };
}

/** Where the keys of one issuer are read. */
class KeySource {
  readonly #issuer: OidcIssuer;
  #client: HttpClient | undefined;

  constructor(issuer: OidcIssuer) {
    this.#issuer = issuer;
  }

  async read() {
    const { keys } = this.#issuer;
    if (keys.from === 'file') return this.#parse(keySetSchema, await readFile(keys.path, 'utf8'), keys.path);
    const url = keys.from === 'url' ? keys.url : await this.#discover();
    return this.#parse(keySetSchema, await this.#fetch(url, keys.from === 'discovery'), url);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #discover(): Promise<string> {
    const { issuer } = this.#issuer;
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = this.#parse(discoverySchema, await this.#fetch(url, false), url);
    // Section 4.3: must be the same, or one issuer could speak for another.
    if (found.issuer !== issuer)
      throw new Failure(
        'remote_unexpected',
        `${url} is of another issuer, ${JSON.stringify(found.issuer.slice(0, 200))}`,
      );
    const keys = URL.parse(found.jwks_uri);
    if (keys === null || (keys.protocol !== 'https:' && keys.protocol !== new URL(issuer).protocol))
      throw new Failure('remote_unexpected', `${url} names keys that are not behind TLS`);
    return keys.href;
  }

  async #fetch(url: string, ledByRemote: boolean): Promise<string> {
    this.#client ??= openHttpClient({
      connectTimeoutMs: ANSWER_MS,
      headersTimeoutMs: ANSWER_MS,
      stallMs: ANSWER_MS,
      ...(this.#issuer.ca === undefined ? {} : { ca: await readFile(this.#issuer.ca, 'utf8') }),
    });
    const response = await this.#client.request({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      ledByRemote: ledByRemote && !this.#issuer.internal && new URL(url).origin !== new URL(this.#issuer.issuer).origin,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = Buffer.from(await response.bytes(LARGEST_DOCUMENT_BYTES)).toString('utf8');
    if (response.status !== 200)
      throw new Failure('remote_unexpected', `${redactUrl(url)} answered ${response.status} in place of keys`);
    return body;
  }

  #parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Failure('remote_unexpected', `${redactUrl(where)} is not what it should be: no usable JWK set`, {
        cause,
      });
    }
  }
}
