import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpResponse } from '../net/http-client.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { hasErrorCode, type Refusal, readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import { parseUploadOffset } from './byte-ranges.ts';
import { findExpectedOffset, isChunkAccepted, isMountRefused, isSessionLost } from './deviations.ts';
import type { MountOrSession, RequestOptions, UploadProgress, UploadSession } from './registry-client.ts';
import { pullScope, pushScope, type Scope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';
import { appendQuery, toSession, uploadScopes } from './upload-session.ts';

/**
 * How long a registry may take to close an upload: some read the whole blob again, or copy it within their storage,
 * before they answer, and a layer may have tens of gigabytes.
 */
const CLOSE_TIMEOUT_MS = 15 * 60_000;

export type Chunk = {
  readonly offset?: number;
  readonly sizeBytes?: number;
  readonly body: AsyncIterable<Uint8Array> | Uint8Array;
};
export type LastChunk = Chunk & { readonly offset: number; readonly sizeBytes: number };
export type StartOptions = RequestOptions & {
  readonly mount?: { readonly digest: Digest; readonly from?: RepositoryName };
  readonly algorithm?: DigestAlgorithm;
};

/** Source: distribution-spec 1.1, "Pushing blobs", "Mounting a blob from another repository". */
export async function startUpload(
  sender: Sender,
  repository: RepositoryName,
  options: StartOptions = {},
): Promise<MountOrSession> {
  const { mount, algorithm, signal } = options;
  const sources = mount?.from === undefined ? [] : [pullScope(mount.from)];
  const query = [
    ...(mount === undefined ? [] : [`mount=${encodeURIComponent(mount.digest)}`]),
    ...(mount?.from === undefined ? [] : [`from=${encodeURIComponent(mount.from)}`]),
    // distribution-spec after 1.1.1: tells registries that hash as they go which hash to make.
    ...(algorithm === undefined || algorithm === 'sha256' ? [] : [`digest-algorithm=${algorithm}`]),
  ].join('&');
  const url = `${sender.origin}/v2/${repository}/blobs/uploads/`;
  const ask: Ask = {
    step: mount === undefined ? 'upload start' : 'blob mount',
    method: 'POST',
    url: query === '' ? url : `${url}?${query}`,
    scopes: [pushScope(repository), ...sources],
    redirects: 'repeat',
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await sender.send(ask);
  if (response.status === 201 && mount !== undefined) {
    await response.discard();
    return { kind: 'mounted' };
  }
  if (response.status === 202) {
    await response.discard();
    return { kind: 'session', session: toSession(sender, response, ask, { repository }) };
  }
  const refusal = await readRefusal(response);
  if (mount !== undefined && isMountRefused(refusal)) {
    const { mount: _refused, ...plain } = options;
    return await startUpload(sender, repository, plain);
  }
  throw toAnswerFailure(refusal, toAttempt(ask), sender.clock.nowMs(), explainRefusedStart(refusal));
}

/** Source: distribution-spec 1.1, "Pushing a blob in chunks"; without an offset "streamed upload" as docker does it. */
export async function sendChunk(
  sender: Sender,
  session: UploadSession,
  chunk: Chunk,
  options: RequestOptions = {},
): Promise<UploadProgress> {
  const ask: Ask = {
    ...askSession(sender, session, 'PATCH', options),
    step: 'blob upload',
    headers: chunkHeaders(chunk),
    body: chunk.body,
    purpose: 'blob',
  };
  const response = await sender.send(ask);
  if (!isChunkAccepted(response.status)) throw await readSessionFailure(sender, response, ask);
  await response.discard();
  return toProgress(sender, response, ask, session);
}

/** Source: distribution-spec 1.1, "POST then PUT", "Pushing a blob in chunks". */
export async function finishUpload(
  sender: Sender,
  session: UploadSession,
  digest: Digest,
  last: LastChunk | undefined,
  options: RequestOptions = {},
): Promise<void> {
  const ask: Ask = {
    ...askSession(sender, session, 'PUT', options),
    url: appendQuery(session.location, `digest=${encodeURIComponent(digest)}`),
    step: 'upload close',
    headersTimeoutMs: CLOSE_TIMEOUT_MS,
    ...(last === undefined ? {} : { headers: lastHeaders(last), body: last.body, purpose: 'blob' as const }),
  };
  const response = await sender.send(ask);
  if (response.status !== 201 && response.status !== 204 && response.status !== 200) {
    throw await readSessionFailure(sender, response, ask);
  }
  await response.discard();
  const told = response.headers['docker-content-digest']?.trim();
  if (told?.startsWith(`${digest.split(':', 1)[0]}:`) && told !== digest) {
    throw new Failure(
      'digest_mismatch',
      `upload close: ${redactUrl(ask.url)} answered that the blob is ${told.slice(0, 160)}, expected ${digest}`,
      { step: ask.step },
    );
  }
}

/** Source: distribution-spec 1.1, "Pushing a blob in chunks": the status of an upload. */
export async function getUpload(
  sender: Sender,
  session: UploadSession,
  options: RequestOptions = {},
): Promise<UploadProgress | undefined> {
  const ask: Ask = { ...askSession(sender, session, 'GET', options), step: 'upload status' };
  const response = await sender.send(ask);
  if (response.status === 204 || response.status === 200 || response.status === 202) {
    await response.discard();
    return toProgress(sender, response, ask, session);
  }
  const refusal = await readRefusal(response);
  if (isSessionLost(refusal)) return undefined;
  throw toAnswerFailure(refusal, toAttempt(ask), sender.clock.nowMs());
}

/** Source: distribution-spec after 1.1.1, "Cancel a blob upload"; earlier registries do it too or refuse. */
export async function cancelUpload(
  sender: Sender,
  session: UploadSession,
  options: RequestOptions = {},
): Promise<boolean> {
  try {
    const response = await sender.send({ ...askSession(sender, session, 'DELETE', options), step: 'upload cancel' });
    await response.discard();
    return true;
  } catch {
    // A session that is left behind is cleaned up by the registry; the caller has worse to deal with.
    return false;
  }
}

function askSession(
  sender: Sender,
  session: UploadSession,
  method: Ask['method'],
  options: RequestOptions,
): Omit<Ask, 'step'> {
  const scopes: Scope[] = uploadScopes(sender, session);
  return { method, url: session.location, scopes, ...options };
}

function chunkHeaders(chunk: Chunk): Record<string, string> {
  const sizeBytes = chunk.body instanceof Uint8Array ? chunk.body.byteLength : chunk.sizeBytes;
  return {
    'content-type': 'application/octet-stream',
    ...(sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) }),
    // Inclusive, without unit or total: this is not the Content-Range of RFC 9110.
    ...(chunk.offset === undefined || sizeBytes === undefined || sizeBytes === 0
      ? {}
      : { 'content-range': `${chunk.offset}-${chunk.offset + sizeBytes - 1}` }),
  };
}

/** A blob that is sent whole with the closing PUT is no chunk and bears no range. */
function lastHeaders(last: LastChunk): Record<string, string> {
  const { offset, ...rest } = last;
  return chunkHeaders(offset === 0 ? rest : { offset, ...rest });
}

function toProgress(sender: Sender, response: HttpResponse, ask: Ask, session: UploadSession): UploadProgress {
  return { session: toSession(sender, response, ask, session), offset: parseUploadOffset(response.headers.range) };
}

async function readSessionFailure(sender: Sender, response: HttpResponse, ask: Ask): Promise<Failure> {
  if (response.status >= 200 && response.status < 300) {
    response.body.destroy();
    return unexpectedAnswer(response, toAttempt(ask), 'that is no answer to an upload');
  }
  const refusal = await readRefusal(response);
  return toAnswerFailure(refusal, toAttempt(ask), sender.clock.nowMs(), explainRefusedChunk(refusal));
}

function explainRefusedChunk(refusal: Refusal): Parameters<typeof toAnswerFailure>[3] {
  if (refusal.status === 416) {
    const offset = parseUploadOffset(refusal.headers.range) ?? findExpectedOffset(refusal);
    return { code: 'range_refused', ...(offset === undefined ? {} : { extensions: { offset } }) };
  }
  if (refusal.status >= 500) return {};
  if (refusal.status === 404 && hasErrorCode(refusal, 'NAME_UNKNOWN')) return { code: 'remote_repository_unknown' };
  if (isSessionLost(refusal)) return { code: 'upload_session_lost' };
  return hasErrorCode(refusal, 'DIGEST_INVALID') ? { code: 'digest_mismatch' } : {};
}

/** Nothing but the repository is named by a POST without mount, so what is not found is the repository. */
function explainRefusedStart(refusal: Refusal): Parameters<typeof toAnswerFailure>[3] {
  return refusal.status === 404 ? { code: 'remote_repository_unknown' } : {};
}
