import type { ReleaseIndex } from '../../choice/release-index.ts';
import type { Depot } from '../../depot/depot-port.ts';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { referrersTag } from '../../oci/referrers-tag.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { parseTag } from '../../oci/tag.ts';
import type { BlobOrigin } from '../../sync/copy/blob-origin.ts';

/** Trees of so many manifests are remembered; one that was forgotten is read again. */
const MAX_TREES = 1_000;

export type DepotContentsParts = {
  readonly depot: Pick<Depot, 'find' | 'openRange' | 'readBytes'>;
  readonly index: Pick<ReleaseIndex, 'findImage'>;
  /** What clients pushed to a repository: what speaks of its releases is there. */
  readonly doorOrigin: (name: RepositoryName) => BlobOrigin;
};

/** What the depot has of each image: blobs and manifests of its placed releases, and of what speaks of them. */
export class DepotContents {
  readonly #parts: DepotContentsParts;
  readonly #trees = new Map<Digest, ReadonlySet<Digest>>();

  constructor(parts: DepotContentsParts) {
    this.#parts = parts;
  }

  /** Undefined for what the depot lacks, and for what is not of this image: whoever may pull one may not pull all. */
  async find(name: RepositoryName, digest: Digest): Promise<{ sizeBytes: number } | undefined> {
    const found = this.#parts.depot.find(digest);
    if (found === undefined) return undefined;
    const image = this.#parts.index.findImage(name);
    const roots = [...(image?.digestNames() ?? [])].filter((root) => image?.findDigest(root)?.isPlaced);
    for (const root of roots) if ((await this.#readTree(root)).has(digest)) return found;
    for (const root of roots) {
      for (const attached of await this.#listAttached(name, root))
        if ((await this.#readTree(attached)).has(digest)) return found;
    }
    return undefined;
  }

  async readManifest(digest: Digest): Promise<Manifest | undefined> {
    const bytes = await this.#parts.depot.readBytes(digest, MAX_MANIFEST_BYTES);
    return bytes === undefined ? undefined : parseManifest(bytes, undefined, digestAlgorithm(digest));
  }

  /** Everything that a manifest names, itself included. It never changes, so once all of it was here it is remembered. */
  async #readTree(root: Digest): Promise<ReadonlySet<Digest>> {
    const known = this.#trees.get(root);
    if (known !== undefined) return known;
    const contents = new Set<Digest>();
    let isWhole = true;
    const open = [root];
    for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
      if (contents.has(digest)) continue;
      const manifest = await this.readManifest(digest);
      if (manifest === undefined) {
        isWhole = false;
        continue;
      }
      contents.add(digest);
      if (manifest.kind === 'index') open.push(...manifest.manifests.map((child) => child.digest));
      else for (const blob of [manifest.config, ...manifest.layers]) contents.add(blob.digest);
    }
    if (isWhole) {
      if (this.#trees.size >= MAX_TREES) this.#trees.clear();
      this.#trees.set(root, contents);
    }
    return contents;
  }

  /** Signatures and the like of a release, as clients pushed them: referrers, and cosign's tags. */
  async #listAttached(name: RepositoryName, root: Digest): Promise<readonly Digest[]> {
    const origin = this.#parts.doorOrigin(name);
    const { signal } = new AbortController();
    const digests = (await origin.listReferrers(root, signal)).map((referrer) => referrer.digest);
    for (const suffix of ['.sig', '.att', '.sbom']) {
      const found = await origin.getManifest(parseTag(`${referrersTag(root)}${suffix}`), signal);
      if (found !== undefined) digests.push(found.digest);
    }
    return digests;
  }
}
