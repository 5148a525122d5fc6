import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Tag } from '../../oci/tag.ts';
import { atSide } from './blob-origin.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import type { ImageTree, TreeManifest } from './image-tree.ts';
import { type MoveBlob, moveBlob } from './move-blob.ts';
import { pauseBefore } from './pause-before.ts';
import { verifyPlacement } from './verify-placement.ts';

/** Questions that are asked of one registry at the same time. */
const QUESTIONS_AT_ONCE = 16;

/** How long a registry may take to see blobs that it has just accepted: ECR's validator lags (ocync#104). */
const MANIFEST_ATTEMPTS = 5;

export type CopyImage = MoveBlob & {
  readonly tree: ImageTree;
  /** The tag to set at the target; null leaves the manifest untagged (a newer push has the tag). */
  readonly tag: Tag | null;
};

/**
 * Brings an image whole to one repository: asks what is there, moves what is not (largest first), puts the manifests
 * with children before parents, then looks at all of it again. When this returns the image is there, complete.
 */
export async function copyImage(copy: CopyImage, signal: AbortSignal): Promise<void> {
  const { tree, target, progress } = copy;
  progress.planned({ blobs: tree.blobs.length + tree.manifests.length, bytes: tree.bytesTotal });
  const missing = await findMissingBlobs(copy, signal);
  await forEachAtOnce(
    [...missing].sort((a, b) => b.size - a.size),
    Number.POSITIVE_INFINITY,
    signal,
    (blob, abort) => moveBlob(copy, blob, abort),
  );
  for (const entry of tree.manifests.filter((each) => each.manifest !== tree.root))
    await putManifest(copy, entry, signal);
  const root = tree.manifests.find((each) => each.manifest === tree.root);
  if (root === undefined) throw new Failure('internal', `the tree of ${tree.sourceDigest} lacks its root`);
  // The tag comes last: it must not name anything that is not whole.
  await putManifest(copy, { ...root, tag: copy.tag }, signal);
  progress.verifying();
  await atSide('target', 'verification', () => verifyPlacement(copy, signal));
  await copy.locations.add(
    target.name,
    copy.repository,
    tree.blobs.map((blob) => blob.digest),
  );
}

async function findMissingBlobs(copy: CopyImage, signal: AbortSignal): Promise<readonly Descriptor[]> {
  const { tree, target, repository, progress } = copy;
  const missing: Descriptor[] = [];
  const ask = async () => {
    missing.length = 0;
    await forEachAtOnce(tree.blobs, QUESTIONS_AT_ONCE, signal, async (blob, abort) => {
      const found = await atSide('target', 'blob check', () =>
        target.client.headBlob(repository, blob.digest, { signal: abort }),
      );
      if (found === undefined) missing.push(blob);
      else progress.done('present', blob.size);
    });
  };
  await ask();
  if (missing.length > 0)
    await atSide('target', 'repository creation', () => target.ensureRepository(repository, signal));
  return missing;
}

async function putManifest(copy: CopyImage, entry: TreeManifest, signal: AbortSignal): Promise<void> {
  const { target, repository, progress } = copy;
  const { manifest, tag } = entry;
  await atSide('target', 'manifest upload', async () => {
    const there = await target.client.headManifest(repository, tag ?? manifest.digest, { signal });
    if (there?.digest === manifest.digest) {
      progress.done('present', manifest.bytes.byteLength);
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { subjectAccepted } = await target.client.putManifest(repository, tag ?? manifest.digest, manifest, {
          signal,
        });
        if (entry.isReferrer && manifest.subject !== undefined && !subjectAccepted)
          await addToFallbackTag(copy, entry, manifest.subject, signal);
        break;
      } catch (error) {
        if (!isFailure(error, 'remote_blob_unknown') || attempt >= MANIFEST_ATTEMPTS) throw error;
        await copy.pause(pauseBefore(attempt + 1), signal);
      }
    }
    progress.sent(manifest.bytes.byteLength, 0);
    progress.done('moved', manifest.bytes.byteLength);
  });
}

/** The client's part where a registry has no referrers API (distribution-spec 1.1, "Referrers Tag Schema"). */
async function addToFallbackTag(
  copy: CopyImage,
  entry: TreeManifest,
  subject: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = entry;
  const artifactType = manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  await copy.target.client.addFallbackReferrer(
    copy.repository,
    subject.digest,
    {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.byteLength,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
    },
    { signal },
  );
}
