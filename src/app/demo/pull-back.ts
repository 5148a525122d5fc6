import { Failure } from '../../kernel/failure.ts';
import { type Digest, DigestHasher, digestAlgorithm, parseDigest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { MANIFEST_MEDIA_TYPES } from '../../oci/media-types.ts';

/** Pulls a whole image as a cluster would, from `host/repository@digest`, and checks every byte; returns how many. */
export async function pullBack(reference: string, directUrl: string, signal: AbortSignal): Promise<number> {
  const [, repository, digest] = /^[^/]+\/(.+)@(sha.+)$/.exec(reference) ?? [];
  if (repository === undefined || digest === undefined)
    throw new Failure('internal', `${reference} is no reference by digest`);
  const base = `${directUrl}/v2/${repository}`;
  const seen = new Set<Digest>();
  let pulledBytes = 0;

  async function fetchVerified(path: string, wanted: Digest): Promise<{ bytes: Uint8Array; mediaType: string }> {
    const response = await fetch(`${base}${path}/${wanted}`, {
      headers: { accept: MANIFEST_MEDIA_TYPES.join(', ') },
      signal,
    });
    if (!response.ok) throw new Failure('internal', `pulling ${wanted} was answered ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const hasher = new DigestHasher(digestAlgorithm(wanted));
    hasher.update(bytes);
    if (hasher.finish() !== wanted) throw new Failure('digest_mismatch', `pulling ${wanted} gave other bytes`);
    pulledBytes += bytes.byteLength;
    return { bytes, mediaType: response.headers.get('content-type') ?? '' };
  }

  async function pullManifest(wanted: Digest): Promise<void> {
    if (seen.has(wanted)) return;
    seen.add(wanted);
    const { bytes, mediaType } = await fetchVerified('/manifests', wanted);
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.kind === 'index') {
      for (const child of manifest.manifests) await pullManifest(child.digest);
      return;
    }
    for (const blob of [manifest.config, ...manifest.layers]) {
      if (seen.has(blob.digest)) continue;
      seen.add(blob.digest);
      await fetchVerified('/blobs', blob.digest);
    }
  }

  await pullManifest(parseDigest(digest));
  return pulledBytes;
}
