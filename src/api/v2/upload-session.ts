import { digestAlgorithm } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { type ContentRange, parseContentRange } from './content-range.ts';
import { answerEmpty, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';
import { findContentLength } from './request-body.ts';
import {
  answerFinished,
  answerUpload,
  parseDigestParameter,
  refuseOutOfOrder,
  refuseUnknownUpload,
} from './upload-answer.ts';

/** `GET` of a session: where it stands. Source: distribution-spec 1.1, "Pushing a blob in chunks". */
export async function readUpload(call: RegistryCall, repository: RepositoryName, id: string): Promise<RegistryAnswer> {
  const found = await call.settings.storage.findUpload(repository, id);
  return found === undefined ? refuseUnknownUpload(repository) : answerUpload(204, repository, id, found.sizeBytes);
}

/** `PATCH` of a session: a chunk in strict order with `Content-Range`, or a stream of any length without. */
export async function appendUpload(
  call: RegistryCall,
  repository: RepositoryName,
  id: string,
): Promise<RegistryAnswer> {
  const range = parseContentRange(call.request.headers['content-range']);
  const mistake = findRangeMistake(range, findContentLength(call.request));
  if (mistake !== undefined) return mistake;
  const appended = await call.settings.storage.appendUpload(repository, id, {
    body: call.request,
    ...(typeof range === 'string' ? {} : { offset: range.offset }),
  });
  if (appended.kind === 'unknown') return refuseUnknownUpload(repository);
  if (appended.kind === 'out-of-order') return refuseOutOfOrder(repository, id, appended.sizeBytes);
  return findLengthMistake(range, appended.sizeBytes) ?? answerUpload(202, repository, id, appended.sizeBytes);
}

/** `PUT` of a session: the last chunk, if there is one, and the digest that all of it must have. */
export async function closeUpload(call: RegistryCall, repository: RepositoryName, id: string): Promise<RegistryAnswer> {
  const { storage } = call.settings;
  const digest = parseDigestParameter(call.query.get('digest'));
  if (typeof digest !== 'string') return digest;
  const contentLength = findContentLength(call.request);
  if (contentLength !== 0) {
    const range = parseContentRange(call.request.headers['content-range']);
    const mistake = findRangeMistake(range, contentLength);
    if (mistake !== undefined) return mistake;
    const appended = await storage.appendUpload(repository, id, {
      body: call.request,
      algorithm: digestAlgorithm(digest),
      ...(typeof range === 'string' ? {} : { offset: range.offset }),
    });
    if (appended.kind === 'out-of-order') return refuseOutOfOrder(repository, id, appended.sizeBytes);
    const wrong = appended.kind === 'appended' ? findLengthMistake(range, appended.sizeBytes) : undefined;
    if (wrong !== undefined) return wrong;
  }
  // A session that is unknown by now may be one that this very request has closed before.
  return answerFinished(await storage.finishUpload(repository, id, digest), repository, digest);
}

/** `DELETE` of a session. */
export async function cancelUpload(
  call: RegistryCall,
  repository: RepositoryName,
  id: string,
): Promise<RegistryAnswer> {
  const cancelled = await call.settings.storage.cancelUpload(repository, id);
  return cancelled ? answerEmpty(204) : refuseUnknownUpload(repository);
}

function findRangeMistake(range: ContentRange, contentLength: number | undefined): RegistryAnswer | undefined {
  if (range === 'malformed') return refuse('BLOB_UPLOAD_INVALID', 'the Content-Range is not of the form FIRST-LAST');
  if (range === 'absent' || contentLength === undefined || contentLength === range.sizeBytes) return undefined;
  return refuse(
    'SIZE_INVALID',
    `the Content-Range speaks of ${range.sizeBytes} bytes, the Content-Length of ${contentLength}`,
  );
}

/** A body sent chunked shows only at its end whether it is as long as its `Content-Range` says. */
function findLengthMistake(range: ContentRange, heldBytes: number): RegistryAnswer | undefined {
  if (typeof range === 'string' || range.offset + range.sizeBytes === heldBytes) return undefined;
  return refuse(
    'SIZE_INVALID',
    `the Content-Range speaks of ${range.sizeBytes} bytes, ${heldBytes - range.offset} came`,
  );
}
