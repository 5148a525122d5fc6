import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpResponse } from '../net/http-client.ts';
import { readBounded } from '../net/read-bounded.ts';
import { type Digest, digestAlgorithm, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../oci/manifest.ts';
import { isIndexMediaType, isManifestMediaType, MANIFEST_MEDIA_TYPES } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isHtml, mediaTypeOf, parseSizeHeader } from './answer-content.ts';
import { hasErrorCode, type Refusal, readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import { deleteContent } from './delete-content.ts';
import { isAttestationRefused, isTagImmutable } from './deviations.ts';
import type { ManifestHead, ManifestReference, RequestOptions } from './registry-client.ts';
import { pullScope, pushScope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

const ACCEPT = MANIFEST_MEDIA_TYPES.join(', ');

/** Source: distribution-spec 1.1, "Checking if content exists in the registry". */
export async function headManifest(
  sender: Sender,
  repository: RepositoryName,
  reference: ManifestReference,
  options: RequestOptions = {},
): Promise<ManifestHead | undefined> {
  const ask = askRead(sender, 'HEAD', repository, reference, options);
  const response = await sender.send(ask);
  await response.discard();
  if (response.status === 404) return undefined;
  const head = response.status === 200 ? findHead(response) : undefined;
  if (head !== undefined) {
    checkDigest(reference, head.digest, ask.url);
    return head;
  }
  if (![200, 400, 405, 501].includes(response.status)) {
    throw toAnswerFailure(await readRefusal(response), toAttempt(ask), sender.clock.nowMs());
  }
  // What HEAD does not tell (or a registry that knows no HEAD) is asked with GET, where an error has words too.
  const manifest = await getManifest(sender, repository, reference, options);
  return manifest && { digest: manifest.digest, mediaType: manifest.mediaType, sizeBytes: manifest.bytes.byteLength };
}

/** Source: distribution-spec 1.1, "Pulling manifests". */
export async function getManifest(
  sender: Sender,
  repository: RepositoryName,
  reference: ManifestReference,
  options: RequestOptions = {},
): Promise<Manifest | undefined> {
  const ask = askRead(sender, 'GET', repository, reference, options);
  const response = await sender.send(ask);
  if (response.status === 404) {
    await response.discard();
    return undefined;
  }
  if (response.status !== 200) throw toAnswerFailure(await readRefusal(response), toAttempt(ask), sender.clock.nowMs());
  const { bytes, whole } = await readBounded(response.body, MAX_MANIFEST_BYTES);
  if (!whole) {
    throw new Failure('manifest_too_large', `${redactUrl(ask.url)} is over the limit of ${MAX_MANIFEST_BYTES} bytes`, {
      step: ask.step,
    });
  }
  if (isHtml(response) || bytes[0] === 0x3c)
    throw unexpectedAnswer(response, toAttempt(ask), 'with a web page, not a manifest');
  const told = findToldDigest(response);
  // By digest the name itself is the check; by tag the registry's own word is, where it gives it.
  const expected = isDigest(reference) ? reference : told;
  const algorithm = expected === undefined ? 'sha256' : digestAlgorithm(expected);
  const digest = digestOf(bytes, algorithm);
  if (expected !== undefined && expected !== digest) {
    throw new Failure(
      'digest_mismatch',
      `${redactUrl(ask.url)} answered ${bytes.byteLength} bytes with digest ${digest}, expected ${expected}`,
      { step: ask.step },
    );
  }
  return parseManifest(bytes, mediaTypeOf(response), algorithm);
}

/** Source: distribution-spec 1.1, "Pushing Manifests", "Pushing Manifests with Subject". */
export async function putManifest(
  sender: Sender,
  repository: RepositoryName,
  reference: ManifestReference,
  manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
  options: RequestOptions = {},
): Promise<{ subjectAccepted: boolean }> {
  const ask: Ask = {
    step: 'manifest upload',
    method: 'PUT',
    url: manifestUrl(sender, repository, reference),
    scopes: [pushScope(repository)],
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    ...options,
  };
  const response = await sender.send(ask);
  if (response.status < 200 || response.status > 299) {
    const refusal = await readRefusal(response);
    throw toAnswerFailure(refusal, toAttempt(ask), sender.clock.nowMs(), explainRefusedPut(refusal, reference));
  }
  await response.discard();
  if (isHtml(response)) throw unexpectedAnswer(response, toAttempt(ask), 'with a web page: it is no registry');
  const told = findToldDigest(response);
  if (told !== undefined && digestAlgorithm(told) === digestAlgorithm(manifest.digest)) {
    checkDigest(manifest.digest, told, ask.url);
  }
  return { subjectAccepted: response.headers['oci-subject'] !== undefined };
}

/** Source: distribution-spec 1.1, "Deleting Manifests", "Deleting Tags". */
export async function deleteManifest(
  sender: Sender,
  repository: RepositoryName,
  reference: ManifestReference,
  options: RequestOptions = {},
): Promise<boolean> {
  return deleteContent(
    sender,
    { step: 'manifest deletion', url: manifestUrl(sender, repository, reference), repository },
    options,
  );
}

function askRead(
  sender: Sender,
  method: 'GET' | 'HEAD',
  repository: RepositoryName,
  reference: ManifestReference,
  options: RequestOptions,
): Ask {
  return {
    step: 'manifest read',
    method,
    url: manifestUrl(sender, repository, reference),
    scopes: [pullScope(repository)],
    headers: { accept: ACCEPT, 'accept-encoding': 'identity' },
    redirects: 'all',
    ...options,
  };
}

function manifestUrl(sender: Sender, repository: RepositoryName, reference: ManifestReference): string {
  return `${sender.origin}/v2/${repository}/manifests/${reference}`;
}

function findHead(response: HttpResponse): ManifestHead | undefined {
  const digest = findToldDigest(response);
  const mediaType = mediaTypeOf(response);
  const sizeBytes = parseSizeHeader(response.headers['content-length']);
  if (digest === undefined || sizeBytes === undefined || mediaType === undefined) return undefined;
  return isIndexMediaType(mediaType) || isManifestMediaType(mediaType) ? { digest, mediaType, sizeBytes } : undefined;
}

function findToldDigest(response: HttpResponse): Digest | undefined {
  const told = response.headers['docker-content-digest']?.trim();
  return told !== undefined && isDigest(told) ? told : undefined;
}

function checkDigest(expected: ManifestReference, told: Digest, url: string): void {
  if (!isDigest(expected) || expected === told || digestAlgorithm(expected) !== digestAlgorithm(told)) return;
  throw new Failure('digest_mismatch', `${redactUrl(url)} answered that it is ${told}, expected ${expected}`, {
    step: 'manifest',
  });
}

function explainRefusedPut(refusal: Refusal, reference: string): Parameters<typeof toAnswerFailure>[3] {
  if (refusal.status >= 500 || refusal.status === 401) return {};
  if (hasErrorCode(refusal, 'MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN')) return { code: 'remote_blob_unknown' };
  if (isAttestationRefused(refusal)) return { code: 'attestations_refused' };
  if (isTagImmutable(refusal, reference)) return { code: 'tag_immutable' };
  if (refusal.status === 404 && hasErrorCode(refusal, 'NAME_UNKNOWN')) return { code: 'remote_repository_unknown' };
  return {};
}
