import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpResponse } from '../net/http-client.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isHtml, parseSizeHeader } from './answer-content.ts';
import { readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import { parseContentRange, parseUnsatisfiedRange } from './byte-ranges.ts';
import { deleteContent } from './delete-content.ts';
import type { BlobBody, RequestOptions } from './registry-client.ts';
import { pullScope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

type BlobRange = { readonly offset?: number; readonly endInclusive?: number };

/** Source: distribution-spec 1.1, "Checking if content exists in the registry". */
export async function headBlob(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions = {},
): Promise<{ sizeBytes: number } | undefined> {
  const ask = askRead(sender, 'HEAD', repository, digest, options);
  const response = await sender.send(ask);
  await response.discard();
  if (response.status === 404) return undefined;
  const redirected = response.status >= 300 && response.status < 400;
  if (response.status !== 200 && !redirected && response.status !== 405) {
    throw toAnswerFailure(await readRefusal(response), toAttempt(ask), sender.clock.nowMs());
  }
  const sizeBytes = parseSizeHeader(response.headers['content-length']);
  if (response.status === 200 && sizeBytes !== undefined) {
    if (isHtml(response)) throw unexpectedAnswer(response, toAttempt(ask), 'with a web page, not a blob');
    return { sizeBytes };
  }
  return await askSizeByGet(sender, repository, digest, options);
}

/**
 * Storage that a HEAD is redirected to refuses it where the address is signed for GET (moby/moby#50065), so the size
 * comes from reading the first byte.
 */
async function askSizeByGet(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions,
): Promise<{ sizeBytes: number } | undefined> {
  const ask = askRead(sender, 'GET', repository, digest, options, { offset: 0, endInclusive: 0 });
  const response = await sender.send(ask);
  await response.discard();
  if (response.status === 404) return undefined;
  const { headers, status } = response;
  const sizeBytes =
    status === 206
      ? parseContentRange(headers['content-range'])?.totalBytes
      : status === 416
        ? parseUnsatisfiedRange(headers['content-range'])
        : status === 200
          ? parseSizeHeader(headers['content-length'])
          : undefined;
  if (sizeBytes === undefined) throw unexpectedAnswer(response, toAttempt(ask), 'without the size of the blob');
  return { sizeBytes };
}

/** Source: distribution-spec 1.1, "Pulling blobs"; ranges by RFC 9110, section 14. */
export async function openBlob(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions & BlobRange = {},
): Promise<BlobBody | undefined> {
  const { offset = 0, endInclusive, ...rest } = options;
  const ranged = offset > 0 || endInclusive !== undefined;
  const range = { offset, ...(endInclusive === undefined ? {} : { endInclusive }) };
  const ask = askRead(sender, 'GET', repository, digest, rest, ranged ? range : undefined);
  const response = await send(sender, ask);
  const { isLongPath } = response;
  if (response.status === 404) {
    await response.discard();
    return undefined;
  }
  if (response.status === 416) {
    await response.discard();
    throw new Failure('range_refused', `blob read: GET ${redactUrl(ask.url)} answered 416 to bytes from ${offset}`, {
      step: ask.step,
      status: 416,
    });
  }
  if (response.status !== 200 && response.status !== 206) {
    throw toAnswerFailure(await readRefusal(response), toAttempt(ask), sender.clock.nowMs());
  }
  if (response.status === 200) {
    if (isHtml(response)) {
      response.body.destroy();
      throw unexpectedAnswer(response, toAttempt(ask), 'with a web page, not a blob');
    }
    const sizeBytes = parseSizeHeader(response.headers['content-length']);
    return { startsAt: 0, endsAt: undefined, sizeBytes, isLongPath, body: response.body };
  }
  const answered = parseContentRange(response.headers['content-range']);
  if (!ranged || answered === undefined || answered.startsAt > offset || answered.endsAt <= offset) {
    response.body.destroy();
    throw unexpectedAnswer(response, toAttempt(ask), `not with bytes from ${offset}`);
  }
  const { startsAt, endsAt, totalBytes: sizeBytes } = answered;
  return { startsAt, endsAt, sizeBytes, isLongPath, body: response.body };
}

/**
 * A storage that the registry led us to refuses an address that has expired: the registry is asked for another, once.
 * S3 and OSS answer 403 for it, S3 400 where the credentials behind the signature have.
 * Source: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, AccessDenied and ExpiredToken.
 */
async function send(sender: Sender, ask: Ask): Promise<HttpResponse> {
  const response = await sender.send(ask);
  const wasLedAway = !sender.leads.isEndpoint(new URL(response.url));
  if (!wasLedAway || ![400, 403].includes(response.status)) return response;
  await response.discard();
  return await sender.send(ask);
}

/** Source: distribution-spec 1.1, "Deleting Blobs". */
export async function deleteBlob(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions = {},
): Promise<boolean> {
  return deleteContent(
    sender,
    { step: 'blob deletion', url: blobUrl(sender, repository, digest), repository },
    options,
  );
}

function askRead(
  sender: Sender,
  method: 'GET' | 'HEAD',
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions,
  range?: BlobRange,
): Ask {
  return {
    step: 'blob read',
    method,
    url: blobUrl(sender, repository, digest),
    scopes: [pullScope(repository)],
    headers: {
      // Bytes must be those the digest is of.
      'accept-encoding': 'identity',
      ...(range === undefined ? {} : { range: `bytes=${range.offset ?? 0}-${range.endInclusive ?? ''}` }),
    },
    purpose: method === 'GET' ? 'blob' : 'api',
    ...(method === 'GET' ? { redirects: 'all' as const } : {}),
    ...options,
  };
}

function blobUrl(sender: Sender, repository: RepositoryName, digest: Digest): string {
  return `${sender.origin}/v2/${repository}/blobs/${digest}`;
}
