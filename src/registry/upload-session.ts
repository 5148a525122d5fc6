import type { HttpResponse } from '../net/http-client.ts';
import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { parseSizeHeader } from './answer-content.ts';
import { unexpectedAnswer } from './answer-failure.ts';
import type { UploadSession } from './registry-client.ts';
import { pushScope, type Scope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

/**
 * The session as an answer describes it. What the answer leaves out stays as it was: a registry that names no new
 * Location goes on at the old one.
 */
export function toSession(
  sender: Sender,
  response: HttpResponse,
  ask: Ask,
  before: Partial<UploadSession> & { repository?: RepositoryName },
): UploadSession {
  const { location } = response.headers;
  // Relative to what answered, which after a redirect is not what was asked.
  const next = location === undefined ? before.location : sender.leads.resolve(location, response.url).href;
  if (next === undefined) throw unexpectedAnswer(response, toAttempt(ask), 'without the Location of the upload');
  return {
    location: next,
    minChunkBytes: parseSizeHeader(response.headers['oci-chunk-min-length']) ?? before.minChunkBytes ?? 0,
    ...(before.repository === undefined ? {} : { repository: before.repository }),
  };
}

/**
 * Adds to a Location's query without touching what is there: registries sign it, and parsing and writing it again
 * would change how it is escaped.
 */
export function appendQuery(location: string, parameter: string): string {
  const [url = '', ...fragment] = location.split('#');
  const separator = !url.includes('?') ? '?' : /[?&]$/.test(url) ? '' : '&';
  return [`${url}${separator}${parameter}`, ...fragment].join('#');
}

/** The rights that a session's requests need; a session from a former run of the program may know only its location. */
export function uploadScopes(sender: Sender, session: UploadSession): Scope[] {
  const repository = session.repository ?? findRepository(sender, session.location);
  return repository === undefined ? [] : [pushScope(repository)];
}

function findRepository(sender: Sender, location: string): RepositoryName | undefined {
  const url = URL.parse(location);
  if (url === null || !sender.leads.isEndpoint(url)) return undefined;
  const name = /^\/v2\/(.+)\/blobs\/uploads\//.exec(url.pathname)?.[1];
  return name !== undefined && isRepositoryName(name) ? name : undefined;
}
