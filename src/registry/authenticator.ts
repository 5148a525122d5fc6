import type { Clock } from '../kernel/clock.ts';
import { Failure, isFailure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpClient } from '../net/http-client.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials, CredentialsProvider } from './credentials.ts';
import { fetchToken, type TokenServer } from './fetch-token.ts';
import { joinScopes, parseScopes, type Scope } from './scope.ts';
import { openTokenCache } from './token-cache.ts';
import type { TrustedLeads } from './trusted-leads.ts';

export type Authenticator = {
  /** Has the registry said how it wants to be asked? */
  readonly isKnown: () => boolean;
  /** The `Authorization` for a request that needs these scopes; undefined while the registry has asked for none. */
  authorize(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Takes a 401: remembers how the registry wants to be asked, drops what it refused, and gives the `Authorization`
   * to ask again with, or undefined when there is nothing new to try.
   */
  answerChallenge(refused: RefusedRequest, signal?: AbortSignal): Promise<string | undefined>;
  /** The same without asking anew: for a request that cannot be repeated. */
  forget(refused: RefusedRequest): void;
};

export type RefusedRequest = {
  readonly challenge: string | undefined;
  readonly authorization: string | undefined;
  readonly scopes: readonly Scope[];
  readonly url: string;
};

export type TokenOutcome = 'issued' | 'refused';

type Scheme = { readonly kind: 'basic' } | ({ readonly kind: 'bearer' } & TokenServer);

const BEARER = 'Bearer ';

/**
 * Authentication by challenge towards one registry. Credentials go to the registry itself (Basic) or to the token
 * server that the registry itself named (Bearer), and nowhere else.
 */
export function openAuthenticator(deps: {
  http: HttpClient;
  leads: TrustedLeads;
  credentials: CredentialsProvider;
  clock: Clock;
  userAgent: string;
  /** Told how each request for a token ended. */
  onToken?: (outcome: TokenOutcome) => void;
}): Authenticator {
  const { credentials, leads } = deps;
  const tokens = openTokenCache(deps.clock);
  /** Scopes that the registry asked for beyond ours, by ours. */
  const moreScopes = new Map<string, readonly Scope[]>();
  let scheme: Scheme | undefined;
  /** The credentials last sent with Basic, to name them when they are refused. */
  let sent: Credentials | undefined;

  async function authorizeBasic(signal?: AbortSignal): Promise<string | undefined> {
    const held = await credentials.get(signal);
    sent = held;
    return held.kind === 'basic' ? basicAuthorization(held) : undefined;
  }

  async function issue(server: TokenServer, scopes: readonly Scope[]) {
    try {
      const token = await askForToken(server, scopes);
      deps.onToken?.('issued');
      return token;
    } catch (error) {
      deps.onToken?.('refused');
      throw error;
    }
  }

  async function askForToken(server: TokenServer, scopes: readonly Scope[]) {
    const from = { ...deps, guarded: leads.mustGuard(server.realm) };
    const held = await credentials.get();
    try {
      return await fetchToken(from, server, scopes, held);
    } catch (error) {
      if (!isFailure(error, 'remote_unauthenticated') || credentials.renew === undefined) throw error;
      credentials.renew(held);
      return await fetchToken(from, server, scopes, await credentials.get());
    }
  }

  async function authorizeBearer(server: TokenServer, asked: readonly Scope[], signal?: AbortSignal): Promise<string> {
    const scopes = joinScopes(asked, moreScopes.get(asked.join(' ')) ?? []);
    const token = await tokens.get(scopes, () => issue(server, scopes), signal);
    return BEARER + token.reveal();
  }

  function learn(refused: RefusedRequest): void {
    const challenges = parseChallenges(refused.challenge);
    const bearer = challenges.find((challenge) => challenge.scheme === 'bearer' && challenge.parameters.realm);
    if (bearer !== undefined) {
      const server = toTokenServer(bearer.parameters, refused.url, leads);
      if (scheme?.kind === 'bearer' && scheme.realm.href !== server.realm.href) tokens.clear();
      scheme = { kind: 'bearer', ...server };
      const more = parseScopes(bearer.parameters.scope).slice(0, 20);
      if (moreScopes.size > 1_000) moreScopes.clear();
      if (more.length > 0) moreScopes.set(refused.scopes.join(' '), more);
    } else if (challenges.some((challenge) => challenge.scheme === 'basic')) {
      scheme = { kind: 'basic' };
    }
    const { authorization } = refused;
    if (authorization?.startsWith(BEARER) === true) tokens.drop(authorization.slice(BEARER.length));
    else if (sent?.kind === 'basic' && basicAuthorization(sent) === authorization) credentials.renew?.(sent);
  }

  async function authorize(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined> {
    if (scheme !== undefined)
      return scheme.kind === 'basic' ? await authorizeBasic(signal) : await authorizeBearer(scheme, scopes, signal);
    // A secret that is missing is told before anything is asked: some registries would let anybody go on, and differently.
    await credentials.get(signal);
    return undefined;
  }

  return {
    isKnown: () => scheme !== undefined,
    authorize,
    async answerChallenge(refused, signal) {
      learn(refused);
      const next = await authorize(refused.scopes, signal);
      return next === refused.authorization ? undefined : next;
    },
    forget: learn,
  };
}

function toTokenServer(parameters: Readonly<Record<string, string>>, asked: string, leads: TrustedLeads): TokenServer {
  const realm = leads.resolve(parameters.realm ?? '', asked);
  if (realm.username !== '' || realm.password !== '') {
    throw new Failure('remote_unexpected', `${redactUrl(asked)} names a token server with a user name in its address`);
  }
  return { realm, service: parameters.service };
}
