import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../net/http-client.ts';
import { type Attempt, readRefusal, toAnswerFailure } from './answer-failure.ts';
import type { Authenticator, RefusedRequest } from './authenticator.ts';
import type { Scope } from './scope.ts';
import type { TrustedLeads } from './trusted-leads.ts';

/** A request to the registry, before authentication and redirects. */
export type Ask = Pick<
  HttpRequest,
  'method' | 'url' | 'headers' | 'body' | 'signal' | 'purpose' | 'headersTimeoutMs'
> & {
  /** What is being done, for messages: `manifest read`. */
  readonly step: string;
  readonly scopes: readonly Scope[];
  /** Sent without any credentials, whatever is answered to that. */
  readonly anonymous?: true;
  /** `all` for reads; `repeat` for requests without a body that must stay what they are (307, 308). Default: none. */
  readonly redirects?: 'all' | 'repeat';
};

export type Sender = {
  readonly origin: string;
  readonly leads: TrustedLeads;
  readonly clock: Clock;
  /** The answer, whatever its status. Answers to a 401 once, and follows redirects as asked. */
  send(ask: Ask): Promise<HttpResponse>;
  /** The same; statuses other than these are thrown as the failure they mean. */
  sendFor(ask: Ask, ...statuses: number[]): Promise<HttpResponse>;
};

const MAX_REDIRECTS = 5;

export function openSender(deps: {
  http: HttpClient;
  leads: TrustedLeads;
  authenticator: Authenticator;
  clock: Clock;
  userAgent: string;
  onWarningHeader: (header: string | undefined) => void;
}): Sender {
  const { http, leads, authenticator } = deps;
  let hasAnswered = false;

  function request(ask: Ask, url: URL, authorization: string | undefined): Promise<HttpResponse> {
    return http.request({
      method: ask.method,
      url: url.href,
      headers: {
        ...ask.headers,
        'user-agent': deps.userAgent,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(ask.body === undefined ? {} : { body: ask.body }),
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      ...(ask.purpose === undefined ? {} : { purpose: ask.purpose }),
      ...(ask.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: ask.headersTimeoutMs }),
      ...(leads.mustGuard(url) ? { ledByRemote: true } : {}),
    });
  }

  /** To the registry itself: with credentials, and once more after a 401. */
  async function requestAuthenticated(ask: Ask, url: URL): Promise<HttpResponse> {
    const repeatable = ask.body === undefined || ask.body instanceof Uint8Array;
    // A stream can be sent only once, so how to authenticate must be known before.
    if (!repeatable && !hasAnswered && !authenticator.isKnown()) await learnScheme(ask);
    const authorization = await authenticator.authorize(ask.scopes, ask.signal);
    const response = await request(ask, url, authorization);
    deps.onWarningHeader(response.headers.warning);
    hasAnswered = true;
    if (response.status !== 401) return response;
    const refused: RefusedRequest = {
      challenge: response.headers['www-authenticate'],
      authorization,
      scopes: ask.scopes,
      url: url.href,
    };
    if (!repeatable) {
      authenticator.forget(refused);
      return response;
    }
    return await askAgain(ask, url, response, refused);
  }

  async function askAgain(ask: Ask, url: URL, first: HttpResponse, refused: RefusedRequest): Promise<HttpResponse> {
    let response = first;
    let { challenge, authorization } = refused;
    // Who had not authenticated yet is refused once for that, and may be a second time for an old password.
    for (let left = authorization === undefined ? 2 : 1; left > 0; left -= 1) {
      try {
        authorization = await authenticator.answerChallenge({ ...refused, challenge, authorization }, ask.signal);
      } catch (error) {
        response.body.destroy();
        throw error;
      }
      if (authorization === undefined) return response;
      await response.discard();
      response = await request(ask, url, authorization);
      // A token made for this very challenge that is refused lacks the right: another one would too.
      if (response.status !== 401 || authorization.startsWith('Bearer ')) return response;
      challenge = response.headers['www-authenticate'];
    }
    return response;
  }

  async function learnScheme(ask: Ask): Promise<void> {
    const { signal } = ask;
    const url = new URL('/v2/', leads.origin);
    const response = await request(
      { method: 'GET', url: url.href, step: 'ping', scopes: [], ...(signal === undefined ? {} : { signal }) },
      url,
      undefined,
    );
    await response.discard();
    hasAnswered = true;
    if (response.status === 401) {
      authenticator.forget({
        challenge: response.headers['www-authenticate'],
        authorization: undefined,
        scopes: [],
        url: url.href,
      });
    }
  }

  async function send(ask: Ask): Promise<HttpResponse> {
    let url = new URL(ask.url);
    let atHome = leads.isEndpoint(url);
    for (let hops = 0; ; hops += 1) {
      const response =
        atHome && !ask.anonymous ? await requestAuthenticated(ask, url) : await request(ask, url, undefined);
      const location = response.headers.location;
      if (location === undefined || !mayFollow(response.status, ask.redirects)) return response;
      await response.discard();
      if (hops === MAX_REDIRECTS)
        throw new Failure(
          'remote_unexpected',
          `${ask.step}: ${redactUrl(ask.url)} redirects more than ${MAX_REDIRECTS} times`,
          { step: ask.step },
        );
      url = leads.resolve(location, url.href);
      // Once away there is no way back to credentials, whoever sends us.
      atHome &&= leads.isEndpoint(url);
    }
  }

  return {
    origin: leads.origin,
    leads,
    clock: deps.clock,
    send,
    async sendFor(ask, ...statuses) {
      const response = await send(ask);
      if (statuses.includes(response.status)) return response;
      throw toAnswerFailure(await readRefusal(response), toAttempt(ask), deps.clock.nowMs());
    },
  };
}

export function toAttempt(ask: Pick<Ask, 'step' | 'method'>): Attempt {
  return { step: ask.step, method: ask.method };
}

function mayFollow(status: number, redirects: Ask['redirects']): boolean {
  if (redirects === undefined) return false;
  return (
    status === 307 || status === 308 || (redirects === 'all' && (status === 301 || status === 302 || status === 303))
  );
}
