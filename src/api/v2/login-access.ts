import type { IncomingMessage } from 'node:http';
import { Failure, isFailure } from '../../kernel/failure.ts';
import {
  type AccessRequest,
  type AccessVerdict,
  formatScope,
  type RegistryAccess,
  type RegistryScope,
} from './registry-access.ts';
import { answerJson, type RegistryAnswer, refuse } from './registry-answer.ts';
import { readBody } from './request-body.ts';
import { SignedTokens, TOKEN_SECONDS, type TokenClaims } from './signed-token.ts';

type Action = RegistryScope['actions'][number];

/** What the door has to know of credentials; the rest of `docker login` is the protocol's. */
export type RegistryIdentities = {
  /**
   * Who a password or token stands for (its user name is for people), or undefined where it stands for nobody, or no
   * more. Throws `rate_limited`, and `unauthenticated` where it can be said why.
   */
  identify(secret: string, request: IncomingMessage): Promise<string | undefined>;
  /** Who a request without any secret comes from, where that is somebody. */
  withoutSecret?(request: IncomingMessage): WithoutSecret | undefined;
  /** Counts a request that is granted. Throws `rate_limited`. */
  count?(subject: string, request: IncomingMessage): void;
  /** The name under which a repository is kept, of one as a client spells it. */
  storedName?(spelt: string): string;
  /** What a token of the door says of whom it is given to, so that a later process knows them too. */
  vouch?(subject: string): unknown;
  /** Is that somebody still? Asked of whom a token of the door was given to, with what was vouched for then. */
  holds?(subject: string, voucher: unknown): boolean;
  /** Asked at each request, so that what is taken away is gone at once. */
  may(subject: string, repository: string, action: Action): Promise<boolean>;
  /** What to tell somebody who may not. */
  whyNot?(subject: string, repository: string, action: Action): string | undefined;
};

/** `isKnown`: by its connection; otherwise it is one of those whom nobody knows, and is asked to log in where that could help. */
export type WithoutSecret = { readonly subject: string; readonly isKnown: boolean };

type Credentials = { readonly scheme: 'basic' | 'bearer'; readonly secret: string };

const GRANTED: AccessVerdict = { kind: 'granted', wish: true };
const SERVICE = 'entrepot';
const MAX_FORM_BYTES = 64 * 1024;
const MAX_SCOPES = 100;

/**
 * `docker login` and what clients do after it: Basic on any request, a Bearer credential of the service itself, or a
 * token from `/v2/token`. Source: distribution, docs/content/spec/auth (token.md, oauth.md, scope.md).
 */
export class LoginAccess implements RegistryAccess {
  readonly #identities: RegistryIdentities;
  readonly #nowMs: () => number;
  readonly #tokens: SignedTokens;

  constructor(identities: RegistryIdentities, nowMs: () => number, tokens = new SignedTokens()) {
    this.#identities = identities;
    this.#nowMs = nowMs;
    this.#tokens = tokens;
  }

  async check({ request, required, wished }: AccessRequest): Promise<AccessVerdict> {
    const scopes = [required, wished].filter((scope) => scope !== undefined);
    const credentials = parseCredentials(request);
    if (credentials === undefined) return this.#checkWithoutSecret(request, required, wished);
    const claims = this.#findClaims(credentials);
    const subject = claims?.subject ?? (await this.#identify(credentials, request).catch(refusalOf));
    if (subject instanceof Failure) return challenge(request, scopes, 'invalid_token', subject.message);
    if (subject === undefined || (claims !== undefined && this.#identities.holds?.(subject, claims.voucher) === false))
      return challenge(request, scopes, 'invalid_token');
    if (required !== undefined && claims !== undefined && !covers(claims.granted, required))
      return challenge(request, scopes, 'insufficient_scope', this.#whyNot(subject, required));
    if (required !== undefined && !(await this.#may(subject, required)))
      return { kind: 'refused', answer: this.#deny(subject, required) };
    this.#identities.count?.(subject, request);
    // Who has not asked for the wish yet is told that it can.
    if (wished !== undefined && claims !== undefined && !covers(claims.asked, wished))
      return challenge(request, scopes, 'insufficient_scope');
    return { kind: 'granted', wish: wished === undefined || (await this.#may(subject, wished)) };
  }

  /** `GET /v2/token` with Basic, or its POST form. What is asked for and not allowed is left out of the token. */
  async issue(request: IncomingMessage, query: URLSearchParams): Promise<RegistryAnswer> {
    const isPost = request.method === 'POST';
    if (!isPost && request.method !== 'GET')
      return refuse('UNSUPPORTED', 'tokens are asked for by GET or POST', { headers: { allow: 'GET, POST' } });
    const form = isPost ? new URLSearchParams((await readBody(request, MAX_FORM_BYTES)).toString()) : query;
    const basic = /^basic +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const secret = isPost
      ? form.get(form.get('grant_type') === 'refresh_token' ? 'refresh_token' : 'password')
      : basic && passwordOf(basic);
    const subject = secret
      ? await this.#identities.identify(secret, request).catch(refusalOf)
      : this.#identities.withoutSecret?.(request)?.subject;
    if (subject instanceof Failure) return refuse('UNAUTHORIZED', subject.message);
    if (subject === undefined) return refuse('UNAUTHORIZED', 'no credentials, or none that are valid');
    this.#identities.count?.(subject, request);
    const asked = form
      .getAll('scope')
      .flatMap((scopes) => scopes.split(' ').flatMap((scope) => this.#splitScope(scope)));
    if (asked.length > MAX_SCOPES) return refuse('DENIED', `more than ${MAX_SCOPES} scopes at once`, { status: 400 });
    const granted: string[] = [];
    for (const [repository, action] of asked) {
      if (await this.#identities.may(subject, repository, action)) granted.push(`${repository} ${action}`);
    }
    const nowMs = this.#nowMs();
    const voucher = this.#identities.vouch?.(subject);
    const token = this.#tokens.sign({
      subject,
      granted,
      asked: asked.map((each) => each.join(' ')),
      expiresAt: nowMs + TOKEN_SECONDS * 1_000,
      ...(voucher === undefined ? {} : { voucher }),
    });
    const isOffline = form.get('offline_token') === 'true' || form.get('access_type') === 'offline';
    return answerJson(
      200,
      {
        token,
        access_token: token,
        expires_in: TOKEN_SECONDS,
        issued_at: new Date(nowMs).toISOString(),
        // The credential is long-lived already: it refreshes itself.
        ...(isOffline && secret ? { refresh_token: secret } : {}),
      },
      { 'cache-control': 'no-store' },
    );
  }

  async #checkWithoutSecret(
    request: IncomingMessage,
    required: RegistryScope | undefined,
    wished: RegistryScope | undefined,
  ): Promise<AccessVerdict> {
    const caller = this.#identities.withoutSecret?.(request);
    const scopes = [required, wished].filter((scope) => scope !== undefined);
    if (caller === undefined) return challenge(request, scopes, undefined);
    // Whom nobody knows must be told that there is a login: clients ask for nothing but the ping before they use one.
    if (required === undefined) return caller.isKnown ? GRANTED : challenge(request, scopes, undefined);
    if (!(await this.#may(caller.subject, required)))
      return caller.isKnown
        ? { kind: 'refused', answer: this.#deny(caller.subject, required) }
        : challenge(request, scopes, undefined);
    this.#identities.count?.(caller.subject, request);
    return { kind: 'granted', wish: wished === undefined || (await this.#may(caller.subject, wished)) };
  }

  /** A token of this door that is too old, or whose key is gone, is no attempt at anything: its bearer fetches another. */
  async #identify({ scheme, secret }: Credentials, request: IncomingMessage): Promise<string | undefined> {
    if (scheme === 'bearer' && this.#tokens.isOne(secret)) return undefined;
    return this.#identities.identify(secret, request);
  }

  #findClaims({ scheme, secret }: Credentials): TokenClaims | undefined {
    return scheme === 'bearer' ? this.#tokens.find(secret, this.#nowMs()) : undefined;
  }

  /** `repository:a/b:pull,push` → its pairs, under the name as it is kept; actions that do not exist here are left out. */
  #splitScope(scope: string): (readonly [string, Action])[] {
    const match = /^repository:(.+):([^:]+)$/.exec(scope);
    if (match === null) return [];
    const spelt = match[1] ?? '';
    const repository = this.#identities.storedName?.(spelt) ?? spelt;
    const actions = match[2] === '*' ? ['pull', 'push', 'delete'] : (match[2] ?? '').split(',');
    return actions
      .filter((action): action is Action => action === 'pull' || action === 'push' || action === 'delete')
      .map((action) => [repository, action] as const);
  }

  async #may(subject: string, { repository, actions }: RegistryScope): Promise<boolean> {
    for (const action of actions) if (!(await this.#identities.may(subject, repository, action))) return false;
    return true;
  }

  #deny(subject: string, required: RegistryScope): RegistryAnswer {
    const { repository, actions } = required;
    const reason = this.#whyNot(subject, required);
    return refuse('DENIED', reason ?? `${actions.join(' and ')} of ${repository} is not allowed`);
  }

  #whyNot(subject: string, { repository, actions }: RegistryScope): string | undefined {
    return actions.map((action) => this.#identities.whyNot?.(subject, repository, action)).find(isText);
  }
}

/** Why somebody is not known; what else went wrong goes on. */
function refusalOf(error: unknown): Failure {
  if (isFailure(error, 'unauthenticated')) return error;
  throw error;
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}

function challenge(
  request: IncomingMessage,
  scopes: readonly RegistryScope[],
  error: 'invalid_token' | 'insufficient_scope' | undefined,
  reason = 'a valid token is needed',
): AccessVerdict {
  // Behind a proxy that ends TLS the client must be sent back to where it came from.
  const isSecure = request.headers['x-forwarded-proto'] === 'https' || 'encrypted' in request.socket;
  const host = /^[\w.:[\]-]+$/.test(request.headers.host ?? '') ? request.headers.host : 'localhost';
  const parts = [`realm="${isSecure ? 'https' : 'http'}://${host}/v2/token"`, `service="${SERVICE}"`];
  if (scopes.length > 0) parts.push(`scope="${scopes.map(formatScope).join(' ')}"`);
  if (error !== undefined) parts.push(`error="${error}"`);
  const headers = { 'www-authenticate': `Bearer ${parts.join(',')}` };
  return { kind: 'refused', answer: refuse('UNAUTHORIZED', reason, { headers }) };
}

function parseCredentials(request: IncomingMessage): Credentials | undefined {
  const [, scheme = '', text = ''] = /^(basic|bearer) +(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (text === '') return undefined;
  return scheme.toLowerCase() === 'basic'
    ? { scheme: 'basic', secret: passwordOf(text) }
    : { scheme: 'bearer', secret: text };
}

function passwordOf(basic: string): string {
  const text = Buffer.from(basic, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

function covers(pairs: readonly string[], scope: RegistryScope): boolean {
  return scope.actions.every((action) => pairs.includes(`${scope.repository} ${action}`));
}
