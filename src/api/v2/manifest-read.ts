import { isKnownTag, parseIfNoneMatch } from '../../kernel/if-none-match.ts';
import { isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { isTag } from '../../oci/tag.ts';
import { answerEmpty, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';

/**
 * `GET` and `HEAD /v2/NAME/manifests/REFERENCE`. The bytes are those that were put, whatever `Accept` says: a
 * manifest is never converted, since its digest would change. Source: distribution-spec 1.1, "Pulling manifests".
 */
export async function readManifest(
  call: RegistryCall,
  repository: RepositoryName,
  reference: string,
): Promise<RegistryAnswer> {
  if (!isDigest(reference) && !isTag(reference)) return refuseReference(reference);
  const found = await call.settings.storage.findManifest(repository, reference);
  if (found === undefined) return refuse('MANIFEST_UNKNOWN', `${repository} has no manifest ${reference}`);
  const etag = `"${found.digest}"`;
  const headers = { 'docker-content-digest': found.digest, etag };
  if (isKnownTag(parseIfNoneMatch(call.request.headers['if-none-match']), found.digest))
    return answerEmpty(304, headers);
  const answer = {
    status: 200,
    headers: { ...headers, 'content-type': found.mediaType, 'content-length': String(found.bytes.byteLength) },
  };
  return call.request.method === 'HEAD' ? answer : { ...answer, body: found.bytes };
}

/** `DELETE`: a tag goes alone, a digest takes the tags that name it along. Source: distribution-spec 1.1, "Content Management". */
export async function deleteManifest(
  call: RegistryCall,
  repository: RepositoryName,
  reference: string,
): Promise<RegistryAnswer> {
  const { storage } = call.settings;
  let deleted: boolean;
  if (isDigest(reference)) deleted = await storage.deleteManifest(repository, reference);
  else if (isTag(reference)) deleted = await storage.deleteTag(repository, reference);
  else return refuseReference(reference);
  return deleted ? answerEmpty(202) : refuse('MANIFEST_UNKNOWN', `${repository} has no manifest ${reference}`);
}

export function refuseReference(reference: string): RegistryAnswer {
  const shown = reference.slice(0, 160);
  return reference.includes(':')
    ? refuse('DIGEST_INVALID', `"${shown}" is not a sha256 or sha512 digest`)
    : refuse('TAG_INVALID', `"${shown}" is not a tag`);
}
