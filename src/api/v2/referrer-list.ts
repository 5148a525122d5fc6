import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest } from '../../oci/digest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { answerJson, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';

/**
 * `GET /v2/NAME/referrers/DIGEST?artifactType=`: an index of the manifests whose subject is the digest, in pages that
 * stay within the size of a manifest. Unknown digests and repositories have none.
 * Source: distribution-spec 1.1, "Listing Referrers".
 */
export async function listReferrers(
  call: RegistryCall,
  repository: RepositoryName,
  digest: string,
): Promise<RegistryAnswer> {
  if (!isDigest(digest)) return refuse('DIGEST_INVALID', `"${digest.slice(0, 160)}" is not a digest`);
  const artifactType = call.query.get('artifactType');
  const last = call.query.get('last');
  const all = await call.settings.storage.listReferrers(repository, digest);
  const wanted = all.filter(
    (referrer) =>
      (artifactType === null || referrer.artifactType === artifactType) && (last === null || referrer.digest > last),
  );
  const page = cutPage(wanted, call.settings.referrersPageBytes);
  const lastGiven = page.at(-1);
  const headers: Record<string, string> = { 'content-type': OCI_INDEX };
  if (artifactType !== null) headers['oci-filters-applied'] = 'artifactType';
  if (lastGiven !== undefined && page.length < wanted.length) {
    const filter = artifactType === null ? '' : `artifactType=${encodeURIComponent(artifactType)}&`;
    headers.link = `</v2/${repository}/referrers/${digest}?${filter}last=${encodeURIComponent(lastGiven.digest)}>; rel="next"`;
  }
  return answerJson(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: page }, headers);
}

/** As many of the first descriptors as fit, and always one, so that pages come to an end. */
function cutPage(descriptors: readonly Descriptor[], limitBytes: number): readonly Descriptor[] {
  let sizeBytes = 0;
  const count = descriptors.findIndex((descriptor, index) => {
    sizeBytes += Buffer.byteLength(JSON.stringify(descriptor)) + 1;
    return index > 0 && sizeBytes > limitBytes;
  });
  return count < 0 ? descriptors : descriptors.slice(0, count);
}
