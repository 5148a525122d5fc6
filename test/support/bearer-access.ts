import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AccessVerdict,
  formatScope,
  type RegistryAccess,
  type RegistryScope,
} from '../../src/api/v2/registry-access.ts';
import { answerJson, type RegistryAnswer, refuse } from '../../src/api/v2/registry-answer.ts';
import { readBody } from '../../src/api/v2/request-body.ts';

export type BearerAuth = {
  readonly kind: 'bearer';
  readonly username: string;
  readonly password: string;
  /** Others that are let in besides. */
  readonly alsoKnows?: (username: string, password: string) => 'push' | 'pull' | undefined;
  /** The name of the service in challenges; default `test-registry`. */
  readonly service?: string;
  /** The namespaces there are, the first part of names; default any. */
  readonly namespaces?: readonly string[];
  /** May anyone get tokens to pull? Default false. */
  readonly anonymousPull?: boolean;
  /** Said in the token's answer; default 300. `null` leaves it out. */
  readonly expiresInSeconds?: number | null;
  /** A token is expired after so many requests; default never. */
  readonly usesPerToken?: number;
  /** Is the POST form of the token endpoint there? Default true; otherwise it answers 404. */
  readonly takesPost?: boolean;
  /** Repositories for which tokens are never granted, whoever asks. */
  readonly forbidden?: readonly string[];
  /** The member that carries the token; default both. */
  readonly tokenMember?: 'token' | 'access_token';
};

type Token = { readonly granted: ReadonlySet<string>; readonly asked: ReadonlySet<string>; usesLeft: number };

const TOKEN_PATH = '/token';

/** Bearer tokens and the endpoint that issues them. Source: distribution, docs/content/spec/auth (token.md, oauth.md, scope.md). */
export class BearerAccess implements RegistryAccess {
  readonly #auth: BearerAuth;
  readonly #origin: () => string;
  readonly #tokens = new Map<string, Token>();
  readonly #refreshToken = randomUUID();

  get #service(): string {
    return this.#auth.service ?? 'test-registry';
  }

  constructor(auth: BearerAuth, origin: () => string) {
    this.#auth = auth;
    this.#origin = origin;
  }

  async check(asked: {
    request: IncomingMessage;
    required: RegistryScope | undefined;
    wished?: RegistryScope;
  }): Promise<AccessVerdict> {
    const { request, required, wished } = asked;
    const presented = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = presented === undefined ? undefined : this.#tokens.get(presented);
    const scopes = [required, wished].filter((scope) => scope !== undefined);
    if (presented === undefined) return this.#challenge(scopes, undefined);
    if (token === undefined || token.usesLeft === 0) return this.#challenge(scopes, 'invalid_token');
    token.usesLeft -= 1;
    if (!allows(token.granted, required)) return this.#challenge(scopes, 'insufficient_scope');
    // Who has not asked for the wish yet is told that it can.
    if (!allows(token.asked, wished)) return this.#challenge(scopes, 'insufficient_scope');
    return { kind: 'granted', wish: allows(token.granted, wished) };
  }

  /** From now on every token that was issued is answered as expired. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  isTokenRequest(request: IncomingMessage): boolean {
    return request.url === TOKEN_PATH || request.url?.startsWith(`${TOKEN_PATH}?`) === true;
  }

  answerTokenRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#issue(request).then(
      (answer) => {
        response.writeHead(answer.status, { ...answer.headers });
        response.end(answer.body);
      },
      () => response.destroy(),
    );
  }

  #challenge(scopes: readonly RegistryScope[], error: string | undefined): AccessVerdict {
    const parts = [`realm="${this.#origin()}${TOKEN_PATH}"`, `service="${this.#service}"`];
    if (scopes.length > 0) parts.push(`scope="${scopes.map(formatScope).join(' ')}"`);
    if (error !== undefined) parts.push(`error="${error}"`);
    return {
      kind: 'refused',
      answer: refuse('UNAUTHORIZED', 'a token is needed', {
        headers: { 'www-authenticate': `Bearer ${parts.join(',')}` },
      }),
    };
  }

  async #issue(request: IncomingMessage): Promise<RegistryAnswer> {
    const isPost = request.method === 'POST';
    if (isPost && this.#auth.takesPost === false) return refuse('UNSUPPORTED', 'no such page', { status: 404 });
    const text = isPost
      ? (await readBody(request, 100_000)).toString()
      : (request.url ?? '').slice(TOKEN_PATH.length + 1);
    const form = new URLSearchParams(text);
    if (form.get('service') !== this.#service) return refuse('DENIED', 'another service', { status: 400 });
    const isUser = isPost ? this.#isFormUser(form) : this.#isBasicUser(request.headers.authorization);
    if (isUser === 'wrong' || (isUser === 'anonymous' && this.#auth.anonymousPull !== true))
      return refuse('UNAUTHORIZED', 'no or wrong credentials');
    const asked = new Set(form.getAll('scope').flatMap((scopes) => scopes.split(' ').flatMap(splitScope)));
    const granted = new Set([...asked].filter((access) => this.#mayHave(access, isUser === 'user')));
    const token = `token-${randomUUID()}`;
    this.#tokens.set(token, { asked, granted, usesLeft: this.#auth.usesPerToken ?? Number.POSITIVE_INFINITY });
    const expiresIn = this.#auth.expiresInSeconds === undefined ? 300 : this.#auth.expiresInSeconds;
    return answerJson(200, {
      ...(this.#auth.tokenMember === 'access_token' ? {} : { token }),
      ...(this.#auth.tokenMember === 'token' ? {} : { access_token: token }),
      ...(expiresIn === null ? {} : { expires_in: expiresIn, issued_at: new Date().toISOString() }),
      ...(isPost ? { scope: [...granted].map((access) => `repository:${access.replace(' ', ':')}`).join(' ') } : {}),
      ...(form.get('offline_token') === 'true' || form.get('access_type') === 'offline'
        ? { refresh_token: this.#refreshToken }
        : {}),
    });
  }

  #mayHave(access: string, isUser: boolean): boolean {
    const [repository = '', action] = access.split(' ');
    if (this.#auth.forbidden?.includes(repository)) return false;
    if (this.#auth.namespaces?.includes(repository.split('/')[0] ?? '') === false) return false;
    return isUser || action === 'pull';
  }

  #isBasicUser(authorization: string | undefined): 'user' | 'puller' | 'anonymous' | 'wrong' {
    if (authorization === undefined) return 'anonymous';
    const expected = Buffer.from(`${this.#auth.username}:${this.#auth.password}`).toString('base64');
    if (authorization === `Basic ${expected}`) return 'user';
    const [username = '', password = ''] = Buffer.from(authorization.slice('Basic '.length), 'base64')
      .toString()
      .split(':');
    return this.#known(username, password);
  }

  #known(username: string, password: string): 'user' | 'puller' | 'wrong' {
    const may = this.#auth.alsoKnows?.(username, password);
    return may === undefined ? 'wrong' : may === 'push' ? 'user' : 'puller';
  }

  #isFormUser(form: URLSearchParams): 'user' | 'puller' | 'wrong' {
    if (form.get('client_id') === null) return 'wrong';
    if (form.get('grant_type') === 'refresh_token')
      return form.get('refresh_token') === this.#refreshToken ? 'user' : 'wrong';
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    if (username === this.#auth.username && password === this.#auth.password) return 'user';
    return this.#known(username, password);
  }
}

/** `repository:a/b:pull,push` → `a/b pull`, `a/b push`. */
function splitScope(scope: string): string[] {
  const match = /^repository:(.+):([^:]+)$/.exec(scope);
  return match === null ? [] : (match[2] ?? '').split(',').map((action) => `${match[1]} ${action}`);
}

function allows(held: ReadonlySet<string>, scope: RegistryScope | undefined): boolean {
  return scope === undefined || scope.actions.every((action) => held.has(`${scope.repository} ${action}`));
}
