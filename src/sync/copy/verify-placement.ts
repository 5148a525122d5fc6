import { Failure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { ManifestReference } from '../../registry/registry-client.ts';
import type { CopyTarget } from './copy-target.ts';
import { findBlobs } from './find-blobs.ts';
import { findNamed } from './find-named.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import type { ImageTree } from './image-tree.ts';

const QUESTIONS_AT_ONCE = 16;

export type PlacementToVerify = {
  readonly tree: ImageTree;
  readonly target: Pick<CopyTarget, 'client' | 'name' | 'findBlobs' | 'findManifests'>;
  readonly repository: RepositoryName;
  /** The tag that must name the root; null when it should not be looked at. */
  readonly tag: Tag | null;
};

/**
 * Looks at an image at a registry with fresh eyes: every manifest is read back and must be the same bytes, every blob
 * must be there with its size, the tag must name the root. Throws `remote_blob_unknown`, `digest_mismatch` or
 * `size_mismatch`, naming what is wrong.
 */
export async function verifyPlacement(placement: PlacementToVerify, signal: AbortSignal): Promise<void> {
  // At once: one after the other they cost round trips, and the answers do not depend on each other.
  await forEachAtOnce([verifyManifests, verifyBlobs], 2, signal, (verify, abort) => verify(placement, abort));
}

/** That every blob is there with its size. */
export async function verifyBlobs(placement: PlacementToVerify, signal: AbortSignal): Promise<void> {
  const { tree, target, repository } = placement;
  const blobs = await findBlobs(target, repository, tree.blobs, signal);
  for (const blob of tree.blobs) {
    const sizeBytes = blobs.get(blob.digest);
    if (sizeBytes === undefined)
      throw new Failure('remote_blob_unknown', `${looking(placement)}: blob ${blob.digest} is not there`);
    if (sizeBytes !== blob.size) {
      throw new Failure(
        'size_mismatch',
        `${looking(placement)}: blob ${blob.digest} has ${sizeBytes} bytes instead of ${blob.size}`,
      );
    }
  }
}

type Answers = ReadonlyMap<ManifestReference, Uint8Array> | undefined;

/**
 * That every manifest is there with the same bytes, and the tag names the root. What was asked for together with others
 * may be missing for a reason of that question: then the registry's own word decides.
 */
export async function verifyManifests(placement: PlacementToVerify, signal: AbortSignal): Promise<void> {
  const { tree, target, repository, tag } = placement;
  const digests = tree.manifests.map(({ manifest }) => manifest.digest);
  const atOnce = await target.findManifests?.(repository, tag === null ? digests : [...digests, tag], signal);
  await forEachAtOnce([verifyBytes, verifyTag], 2, signal, (verify, abort) => verify(placement, atOnce, abort));
}

async function verifyBytes(placement: PlacementToVerify, atOnce: Answers, signal: AbortSignal): Promise<void> {
  const { tree, target, repository } = placement;
  await forEachAtOnce(tree.manifests, QUESTIONS_AT_ONCE, signal, async ({ manifest }, abort) => {
    const bytes =
      atOnce?.get(manifest.digest) ??
      (await target.client.getManifest(repository, manifest.digest, { signal: abort }))?.bytes;
    if (bytes === undefined)
      throw new Failure('remote_blob_unknown', `${looking(placement)}: manifest ${manifest.digest} is not there`);
    if (!Buffer.from(bytes).equals(manifest.bytes))
      throw new Failure('digest_mismatch', `${looking(placement)}: manifest ${manifest.digest} has other bytes`);
  });
}

async function verifyTag(placement: PlacementToVerify, atOnce: Answers, signal: AbortSignal): Promise<void> {
  const { tree, target, repository, tag } = placement;
  if (tag === null) return;
  const tagged = atOnce?.get(tag);
  if (tagged !== undefined && Buffer.from(tagged).equals(tree.root.bytes)) return;
  const named = await findNamed(target.client, repository, tag, tree.root, signal);
  if (named !== tree.root.digest) {
    throw new Failure(
      'digest_mismatch',
      `${looking(placement)}: tag ${tag} names ${named ?? 'nothing'} instead of ${tree.root.digest}`,
    );
  }
}

function looking({ target, repository }: PlacementToVerify): string {
  return `looking at ${target.name} ${repository} again`;
}
