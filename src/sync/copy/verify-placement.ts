import { Failure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { CopyTarget } from './copy-target.ts';
import { findBlobs } from './find-blobs.ts';
import { findNamed } from './find-named.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import type { ImageTree } from './image-tree.ts';

const QUESTIONS_AT_ONCE = 16;

export type PlacementToVerify = {
  readonly tree: ImageTree;
  readonly target: Pick<CopyTarget, 'client' | 'name' | 'findBlobs'>;
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
  // At once: one after the other they cost three round trips, and the answers do not depend on each other.
  await forEachAtOnce([verifyManifests, verifyBlobs, verifyTag], 3, signal, (verify, abort) =>
    verify(placement, abort),
  );
}

async function verifyManifests({ tree, target, repository }: PlacementToVerify, signal: AbortSignal): Promise<void> {
  const where = `${target.name} ${repository}`;
  await forEachAtOnce(tree.manifests, QUESTIONS_AT_ONCE, signal, async ({ manifest }, abort) => {
    const there = await target.client.getManifest(repository, manifest.digest, { signal: abort });
    if (there === undefined)
      throw new Failure('remote_blob_unknown', `looking at ${where} again: manifest ${manifest.digest} is not there`);
    if (!Buffer.from(there.bytes).equals(manifest.bytes))
      throw new Failure('digest_mismatch', `looking at ${where} again: manifest ${manifest.digest} has other bytes`);
  });
}

async function verifyBlobs({ tree, target, repository }: PlacementToVerify, signal: AbortSignal): Promise<void> {
  const where = `${target.name} ${repository}`;
  const blobs = await findBlobs(target, repository, tree.blobs, signal);
  for (const blob of tree.blobs) {
    const sizeBytes = blobs.get(blob.digest);
    if (sizeBytes === undefined)
      throw new Failure('remote_blob_unknown', `looking at ${where} again: blob ${blob.digest} is not there`);
    if (sizeBytes !== blob.size) {
      throw new Failure(
        'size_mismatch',
        `looking at ${where} again: blob ${blob.digest} has ${sizeBytes} bytes instead of ${blob.size}`,
      );
    }
  }
}

async function verifyTag({ tree, target, repository, tag }: PlacementToVerify, signal: AbortSignal): Promise<void> {
  if (tag === null) return;
  const where = `${target.name} ${repository}`;
  const named = await findNamed(target.client, repository, tag, tree.root, signal);
  if (named !== tree.root.digest) {
    throw new Failure(
      'digest_mismatch',
      `looking at ${where} again: tag ${tag} names ${named ?? 'nothing'} instead of ${tree.root.digest}`,
    );
  }
}
