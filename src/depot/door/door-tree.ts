import type { Digest } from '../../oci/digest.ts';
import { digestAlgorithm } from '../../oci/digest.ts';
import { type Manifest, parseManifest } from '../../oci/manifest.ts';
import { isForeignLayer } from '../../oci/media-types.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryFolder } from '../registry-folder/registry-folder.ts';

export type Content = { readonly digest: Digest; readonly size: number };

/** Everything that a manifest of a repository needs: itself, what it names, and what these name. */
export async function readDoorTree(
  folder: RegistryFolder,
  repository: RepositoryName,
  root: Digest,
): Promise<{ readonly manifests: readonly Manifest[]; readonly contents: readonly Content[] }> {
  const manifests = new Map<Digest, Manifest>();
  const contents = new Map<Digest, Content>();
  const open = [root];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (manifests.has(digest)) continue;
    const manifest = await findDoorManifest(folder, repository, digest);
    if (manifest === undefined) continue;
    manifests.set(digest, manifest);
    contents.set(digest, { digest, size: manifest.bytes.byteLength });
    const named =
      manifest.kind === 'image'
        ? [manifest.config, ...manifest.layers.filter((layer) => !isForeignLayer(layer.mediaType))]
        : manifest.manifests;
    for (const each of named) contents.set(each.digest, { digest: each.digest, size: each.size });
    if (manifest.kind === 'index') open.push(...named.map((each) => each.digest));
  }
  return { manifests: [...manifests.values()], contents: [...contents.values()] };
}

export async function findDoorManifest(
  folder: RegistryFolder,
  repository: RepositoryName,
  reference: Parameters<RegistryFolder['findManifest']>[1],
): Promise<Manifest | undefined> {
  const found = await folder.findManifest(repository, reference);
  if (found === undefined) return undefined;
  return parseManifest(found.bytes, found.mediaType, digestAlgorithm(found.digest));
}
