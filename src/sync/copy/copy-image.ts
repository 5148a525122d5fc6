import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { Tag } from '../../oci/tag.ts';
import { atSide } from './blob-origin.ts';
import { dropUploadInTurn } from './drop-upload.ts';
import { findBlobs } from './find-blobs.ts';
import { findNamed } from './find-named.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import type { ImageTree, TreeManifest } from './image-tree.ts';
import { type MoveBlob, moveBlob } from './move-blob.ts';
import { pauseBefore } from './pause-before.ts';
import { verifyBlobs, verifyManifests, verifyPlacement } from './verify-placement.ts';

/** How long a registry may take to see blobs that it has just accepted: ECR's validator lags (ocync#104). */
const VISIBLE_ATTEMPTS = 5;

/** Manifests that are asked for at the same time. */
const MANIFEST_QUESTIONS = 16;

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
  const present = new Set<Manifest>();
  const missing = await planBlobs(copy, present, signal);
  await forEachAtOnce(
    [...missing].sort((a, b) => b.size - a.size),
    Number.POSITIVE_INFINITY,
    signal,
    (blob, abort) => moveBlob(copy, blob, abort),
  );
  // Where all blobs are asked for at once they are looked at before a manifest names them: a validator that lags does
  // not refuse it then (ocync#104), and they need not be asked for again behind it.
  const looksAhead = target.findBlobs !== undefined;
  if (looksAhead && missing.length > 0) await atSide('target', 'blob check', () => awaitBlobs(copy, signal));
  for (const entry of tree.manifests.filter((each) => each.manifest !== tree.root))
    await putManifest(copy, entry, present.has(entry.manifest), signal);
  const root = tree.manifests.find((each) => each.manifest === tree.root);
  if (root === undefined) throw new Failure('internal', `the tree of ${tree.sourceDigest} lacks its root`);
  // The tag comes last: it must not name anything that is not whole.
  await putManifest(copy, { ...root, tag: copy.tag }, present.has(root.manifest), signal);
  progress.verifying();
  await atSide('target', 'verification', () => (looksAhead ? verifyManifests : verifyPlacement)(copy, signal));
  await copy.locations.add(
    target.name,
    copy.repository,
    tree.blobs.map((blob) => blob.digest),
  );
}

/**
 * Which blobs the repository lacks; `present` gets the manifests that it has, under the tag that they are to have. All is
 * asked at once: a round trip after the last byte is time in which the image is there and nobody knows.
 */
async function planBlobs(copy: CopyImage, present: Set<Manifest>, signal: AbortSignal): Promise<readonly Descriptor[]> {
  const { tree, target, repository, progress } = copy;
  const found = new Map<Digest, number>();
  await forEachAtOnce(['blobs', 'manifests'] as const, 2, signal, async (what, abort) => {
    if (what === 'manifests') {
      await atSide('target', 'manifest check', () => findManifests(copy, present, abort));
      return;
    }
    const blobs = await atSide('target', 'blob check', () => findBlobs(target, repository, tree.blobs, abort));
    for (const [digest, sizeBytes] of blobs) found.set(digest, sizeBytes);
  });
  const missing: Descriptor[] = [];
  for (const blob of tree.blobs) {
    const sizeBytes = found.get(blob.digest);
    if (sizeBytes === undefined) missing.push(blob);
    else if (sizeBytes !== blob.size) throw wrongSize(copy, blob, sizeBytes);
  }
  progress.planned({ blobs: tree.blobs.length + tree.manifests.length, bytes: tree.bytesTotal });
  const lacks = new Set(missing);
  const noted = new Set((await copy.journal.list(target.name, repository)).map(({ digest }) => digest));
  for (const blob of tree.blobs) {
    if (lacks.has(blob)) continue;
    progress.done('present', blob.size, blob.digest);
    if (noted.has(blob.digest)) await dropUploadInTurn(copy, blob.digest, signal);
  }
  if (missing.length > 0)
    await atSide('target', 'repository creation', () => target.ensureRepository(repository, signal));
  return missing;
}

async function findManifests(copy: CopyImage, present: Set<Manifest>, signal: AbortSignal): Promise<void> {
  const { tree, target, repository } = copy;
  const referenceOf = ({ manifest, tag }: TreeManifest) => (manifest === tree.root ? copy.tag : tag) ?? manifest.digest;
  const atOnce = await target.findManifests?.(repository, tree.manifests.map(referenceOf), signal);
  await forEachAtOnce(tree.manifests, MANIFEST_QUESTIONS, signal, async (entry, abort) => {
    const { manifest } = entry;
    const reference = referenceOf(entry);
    // What is there is asked for once more as a cluster asks: an image that ECR has archived cannot be pulled.
    if (atOnce !== undefined && !atOnce.has(reference)) return;
    const named = await findNamed(target.client, repository, reference, manifest, abort);
    if (named === manifest.digest) present.add(manifest);
  });
}

function wrongSize({ target, repository }: CopyImage, blob: Descriptor, sizeBytes: number): Failure {
  return new Failure(
    'size_mismatch',
    `checking blob ${blob.digest} at ${target.name} ${repository}: it has ${sizeBytes} bytes, its descriptor says ${blob.size}`,
    { side: 'target', step: 'blob check' },
  );
}

/** Until the target shows all blobs, which it has just said it took. */
async function awaitBlobs(copy: CopyImage, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await verifyBlobs(copy, signal);
      return;
    } catch (error) {
      if (!isFailure(error, 'remote_blob_unknown') || attempt >= VISIBLE_ATTEMPTS) throw error;
      await copy.pause(pauseBefore(attempt + 1), signal);
    }
  }
}

async function putManifest(copy: CopyImage, entry: TreeManifest, isThere: boolean, signal: AbortSignal): Promise<void> {
  const { progress } = copy;
  const { manifest } = entry;
  await atSide('target', 'manifest upload', async () => {
    const subjectAccepted = !isThere && (await putInsisting(copy, entry, signal));
    // Also where the manifest was there before: the attempt that put it may have ended before it was listed.
    if (manifest.subject !== undefined) await listReferrer(copy, manifest, manifest.subject, subjectAccepted, signal);
    if (!isThere) progress.sent(manifest.bytes.byteLength, 0);
    progress.done(isThere ? 'present' : 'moved', manifest.bytes.byteLength, manifest.digest);
  });
}

/** Did the registry take the manifest's subject into account? */
async function putInsisting(copy: CopyImage, { manifest, tag }: TreeManifest, signal: AbortSignal): Promise<boolean> {
  const { client } = copy.target;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // By a tag alone it could be found by its sha256 only.
      if (tag !== null && digestAlgorithm(manifest.digest) !== 'sha256')
        await client.putManifest(copy.repository, manifest.digest, manifest, { signal });
      const put = await client.putManifest(copy.repository, tag ?? manifest.digest, manifest, { signal });
      return put.subjectAccepted;
    } catch (error) {
      if (!isFailure(error, 'remote_blob_unknown') || attempt >= VISIBLE_ATTEMPTS) throw error;
      await copy.pause(pauseBefore(attempt + 1), signal);
    }
  }
}

/**
 * The client's part where a registry has no referrers API (distribution-spec 1.1, "Referrers Tag Schema"). Some say that
 * they took the subject into account and have no API (sigstore-js#1183), so they are asked.
 */
async function listReferrer(
  copy: CopyImage,
  manifest: Manifest,
  subject: Descriptor,
  subjectAccepted: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { repository } = copy;
  const { client } = copy.target;
  const listed = await client.listReferrers(repository, subject.digest, { signal });
  if (listed.referrers.some((referrer) => referrer.digest === manifest.digest)) return;
  if (listed.by === 'api' && subjectAccepted) return;
  const artifactType = manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  await client.addFallbackReferrer(
    repository,
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
