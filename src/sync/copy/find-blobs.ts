import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import type { CopyTarget } from './copy-target.ts';
import { forEachAtOnce } from './for-each-at-once.ts';

/** Questions that are asked of one registry at the same time. */
const QUESTIONS_AT_ONCE = 16;

/** Which of these blobs a repository has, with their sizes: many at once where the registry takes that, else one by one. */
export async function findBlobs(
  target: Pick<CopyTarget, 'findBlobs'> & { readonly client: Pick<RegistryClient, 'headBlob'> },
  repository: RepositoryName,
  blobs: readonly Descriptor[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, number>> {
  const digests = blobs.map((blob) => blob.digest);
  const atOnce = digests.length > 1 ? await target.findBlobs?.(repository, digests, signal) : undefined;
  if (atOnce !== undefined) return atOnce;
  const found = new Map<Digest, number>();
  await forEachAtOnce(digests, QUESTIONS_AT_ONCE, signal, async (digest, abort) => {
    const there = await target.client.headBlob(repository, digest, { signal: abort });
    if (there !== undefined) found.set(digest, there.sizeBytes);
  });
  return found;
}
