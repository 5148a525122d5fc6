import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { Secret } from '../kernel/secret.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../net/http-client.ts';
import { type Attempt, readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import { basicAuthorization } from './basic-authorization.ts';
import type { Credentials } from './credentials.ts';
import type { Scope } from './scope.ts';
import type { IssuedToken } from './token-cache.ts';

/** A registry's token server, as its challenge names it. */
export type TokenServer = { readonly realm: URL; readonly service: string | undefined };

const CLIENT_ID = 'entrepot';
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Tokens live 60 s where the answer does not say, and servers may not issue any that live less. */
const DEFAULT_LIFE_S = 60;
const MAX_LIFE_S = 24 * 60 * 60;

/**
 * Asks a token server: `GET` with Basic credentials or none, or `POST` with an identity token as refresh token.
 * Failures carry the step `token`.
 * Source: distribution, docs/content/spec/auth/token.md and oauth.md.
 */
export async function fetchToken(
  deps: { http: HttpClient; clock: Clock; userAgent: string; guarded: boolean },
  server: TokenServer,
  scopes: readonly Scope[],
  credentials: Credentials,
): Promise<IssuedToken> {
  const request =
    credentials.kind === 'identity-token'
      ? toPost(server, scopes, credentials.token)
      : toGet(server, scopes, credentials);
  const attempt: Attempt = { step: 'token', method: request.method };
  const response = await deps.http.request({
    ...request,
    headers: { ...request.headers, accept: 'application/json', 'user-agent': deps.userAgent },
    ledByRemote: deps.guarded,
  });
  if (response.status !== 200) {
    const refusal = await readRefusal(response);
    // "Not found" would read as if the image were missing; it is the token server that is not there.
    const code = refusal.status === 404 ? { code: 'remote_unexpected' as const } : {};
    throw toAnswerFailure(refusal, attempt, deps.clock.nowMs(), code);
  }
  return parseIssuedToken(await response.bytes(MAX_ANSWER_BYTES), response, attempt, deps.clock.nowMs());
}

function toGet(server: TokenServer, scopes: readonly Scope[], credentials: Credentials): HttpRequest {
  const url = new URL(server.realm);
  if (server.service !== undefined) url.searchParams.set('service', server.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', CLIENT_ID);
  if (credentials.kind !== 'basic') return { method: 'GET', url: url.href };
  return { method: 'GET', url: url.href, headers: { authorization: basicAuthorization(credentials) } };
}

function toPost(server: TokenServer, scopes: readonly Scope[], token: Secret): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: token.reveal(),
    client_id: CLIENT_ID,
    ...(server.service === undefined ? {} : { service: server.service }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  });
  return {
    method: 'POST',
    url: server.realm.href,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  };
}

function parseIssuedToken(bytes: Uint8Array, response: HttpResponse, attempt: Attempt, nowMs: number): IssuedToken {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw unexpectedAnswer(response, attempt, 'the answer is not JSON');
  }
  if (typeof document !== 'object' || document === null)
    throw unexpectedAnswer(response, attempt, 'the answer is no JSON object');
  const { token, access_token, expires_in, issued_at } = document as Record<string, unknown>;
  const text = [token, access_token].find((value) => typeof value === 'string' && value !== '');
  if (typeof text !== 'string') throw unexpectedAnswer(response, attempt, 'the answer holds no token');
  // A token goes into a header: a line break in it would be a header of the server's choosing.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new Failure('remote_unexpected', 'token: the token holds characters that no header may hold');
  return { token: new Secret(text), goodForMs: lifeMs(expires_in, issued_at, nowMs) };
}

function lifeMs(expiresIn: unknown, issuedAt: unknown, nowMs: number): number {
  const seconds = typeof expiresIn === 'number' && expiresIn > 0 ? Math.min(expiresIn, MAX_LIFE_S) : DEFAULT_LIFE_S;
  const life = Math.max(seconds, DEFAULT_LIFE_S) * 1_000;
  const ageMs = typeof issuedAt === 'string' ? nowMs - Date.parse(issuedAt) : 0;
  // An age that cannot be is the difference of two clocks, and says nothing about the token.
  return ageMs > 0 && ageMs < life ? life - ageMs : life;
}
