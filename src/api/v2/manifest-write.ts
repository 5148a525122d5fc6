import { type Digest, digestAlgorithm, isDigest } from '../../oci/digest.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { isForeignLayer, isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { isTag, type Tag } from '../../oci/tag.ts';
import { refuseReference } from './manifest-read.ts';
import { answerEmpty, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';
import type { RegistryStorage } from './registry-storage.ts';
import { readBody } from './request-body.ts';

/** A manifest put by digest may bring tags along; more than this many are refused with 414 (at least 10 must be taken). */
const MAX_TAGS = 50;

/**
 * `PUT /v2/NAME/manifests/REFERENCE`: keeps the bytes exactly, once all they refer to is here. A subject may be
 * missing. Source: distribution-spec 1.1, "Pushing manifests" and "Pushing manifests with subject".
 */
export async function writeManifest(
  call: RegistryCall,
  repository: RepositoryName,
  reference: string,
): Promise<RegistryAnswer> {
  const { request, settings } = call;
  const { storage } = settings;
  if (!isDigest(reference) && !isTag(reference)) return refuseReference(reference);
  const tags = isDigest(reference) ? call.query.getAll('tag') : [reference];
  if (tags.length > MAX_TAGS)
    return refuse('TAG_INVALID', `${tags.length} tags at once, at most ${MAX_TAGS} are taken`, { status: 414 });
  const badTag = tags.find((tag) => !isTag(tag));
  if (badTag !== undefined) return refuseReference(badTag);
  if (!settings.createRepositories && !(await storage.hasRepository(repository))) {
    return refuse('NAME_UNKNOWN', `the repository ${repository} does not exist`);
  }

  const bytes = await readBody(request, MAX_MANIFEST_BYTES);
  const manifest = parseManifest(
    bytes,
    request.headers['content-type'],
    isDigest(reference) ? digestAlgorithm(reference) : 'sha256',
  );
  if (isDigest(reference) && reference !== manifest.digest) {
    return refuse('DIGEST_INVALID', `the manifest is ${manifest.digest}, not ${reference}`);
  }
  const missing = await findMissing(storage, repository, manifest);
  if (missing !== undefined) {
    return refuse('MANIFEST_BLOB_UNKNOWN', `the manifest refers to ${missing}, which ${repository} does not have`, {
      detail: { digest: missing },
    });
  }
  const put = { request, repository, manifest, tags: tags.filter((tag): tag is Tag => isTag(tag)) };
  const refusal = await settings.checkManifest(put);
  if (refusal !== undefined) return refusal;
  await storage.putManifest(repository, manifest, put.tags);
  const more = await settings.manifestKept(put);
  return answerEmpty(201, {
    location: `/v2/${repository}/manifests/${reference}`,
    'docker-content-digest': manifest.digest,
    ...(manifest.subject !== undefined && settings.referrers ? { 'oci-subject': manifest.subject.digest } : {}),
    ...(isDigest(reference) && tags.length > 0 ? { 'oci-tag': tags.join(', ') } : {}),
    ...more,
  });
}

/** The first digest that the manifest needs and the repository lacks. Layers that live at their own URLs may be absent. */
async function findMissing(
  storage: RegistryStorage,
  repository: RepositoryName,
  manifest: Manifest,
): Promise<Digest | undefined> {
  if (manifest.kind === 'image') {
    const needed = [manifest.config, ...manifest.layers.filter((layer) => !isForeignLayer(layer.mediaType))];
    for (const { digest } of needed) {
      if ((await storage.findBlob(repository, digest)) === undefined) return digest;
      storage.countOn?.(digest);
    }
    return undefined;
  }
  for (const { digest, mediaType } of manifest.manifests) {
    if (await storage.hasManifest(repository, digest)) continue;
    // BuildKit's cache exports list layers in an index.
    const mayBeBlob = !isIndexMediaType(mediaType) && !isManifestMediaType(mediaType);
    if (!(mayBeBlob && (await storage.findBlob(repository, digest)) !== undefined)) return digest;
    storage.countOn?.(digest);
  }
  return undefined;
}
