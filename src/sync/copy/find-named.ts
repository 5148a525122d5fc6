import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { ManifestReference, RegistryClient } from '../../registry/registry-client.ts';

/**
 * The digest that a reference names at a registry, in the algorithm of the manifest that is expected there: what is
 * put under a tag a registry calls by its sha256, whatever others call it.
 */
export async function findNamed(
  client: RegistryClient,
  repository: RepositoryName,
  reference: ManifestReference,
  expected: Manifest,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const head = await client.headManifest(repository, reference, { signal });
  if (head === undefined || digestAlgorithm(head.digest) === digestAlgorithm(expected.digest)) return head?.digest;
  const there = await client.getManifest(repository, reference, { signal });
  return there !== undefined && Buffer.from(there.bytes).equals(expected.bytes) ? expected.digest : there?.digest;
}
