import { isKnownTag, parseIfNoneMatch } from '../../kernel/if-none-match.ts';
import { isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { parseByteRange } from './byte-range.ts';
import { answerEmpty, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';

/** `GET` and `HEAD /v2/NAME/blobs/DIGEST`, whole or a range of it. Source: distribution-spec 1.1, "Pulling blobs"; RFC 9110 section 14. */
export async function readBlob(
  call: RegistryCall,
  repository: RepositoryName,
  digest: string,
): Promise<RegistryAnswer> {
  const { request, settings } = call;
  if (!isDigest(digest)) return refuse('DIGEST_INVALID', `"${digest.slice(0, 160)}" is not a digest`);
  const found = await settings.storage.findBlob(repository, digest);
  if (found === undefined) return refuse('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  const isHead = request.method === 'HEAD';
  // By HEAD clients ask what they need not send.
  if (isHead) settings.storage.countOn?.(digest);
  const etag = `"${digest}"`;
  const headers = { 'docker-content-digest': digest, etag, 'accept-ranges': 'bytes' };
  if (isKnownTag(parseIfNoneMatch(request.headers['if-none-match']), digest)) return answerEmpty(304, headers);
  // Only GET is sent elsewhere: presigned URLs are signed for one method.
  const elsewhere = isHead ? undefined : await settings.redirectBlob(repository, digest);
  if (elsewhere !== undefined) return answerEmpty(307, { 'docker-content-digest': digest, location: elsewhere });

  // Ranges are of GET alone: a HEAD is answered with the whole size whatever it brings (RFC 9110, section 14.2).
  const isRanged = !isHead && (request.headers['if-range'] === undefined || request.headers['if-range'] === etag);
  const asked = isRanged ? request.headers.range : undefined;
  const range = parseByteRange(asked, found.sizeBytes);
  if (range.kind === 'unsatisfiable') {
    return refuse('SIZE_INVALID', `the blob has ${found.sizeBytes} bytes`, {
      status: 416,
      headers: { 'content-range': `bytes */${found.sizeBytes}` },
    });
  }
  const { offset, end } = range.kind === 'part' ? range : { offset: 0, end: found.sizeBytes };
  const answer = {
    status: range.kind === 'part' ? 206 : 200,
    headers: {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': String(end - offset),
      ...(range.kind === 'part' ? { 'content-range': `bytes ${offset}-${end - 1}/${found.sizeBytes}` } : {}),
    },
  };
  if (isHead || end === offset) return answer;
  const body = await settings.storage.openBlob(repository, digest, { offset, end });
  // Deleted since it was found.
  if (body === undefined) return refuse('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  return { ...answer, body };
}

/** `DELETE /v2/NAME/blobs/DIGEST`. Source: distribution-spec 1.1, "Deleting blobs". */
export async function deleteBlob(
  call: RegistryCall,
  repository: RepositoryName,
  digest: string,
): Promise<RegistryAnswer> {
  if (!isDigest(digest)) return refuse('DIGEST_INVALID', `"${digest.slice(0, 160)}" is not a digest`);
  const deleted = await call.settings.storage.deleteBlob(repository, digest);
  return deleted ? answerEmpty(202) : refuse('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
}
