import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import { type Manifest, parseManifest } from '../../oci/manifest.ts';
import { isForeignLayer } from '../../oci/media-types.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid, asArchiveFailure } from './archive-failure.ts';
import { type ArchiveLimits, MAX_INDEX_DEPTH, MAX_MANIFESTS_IN_FULL } from './archive-limits.ts';
import { readDocument } from './depot-content.ts';
import type { LandedFile } from './landed-file.ts';

/** Everything that one manifest of a layout leads to. */
export type ImageGraph = {
  readonly root: Manifest;
  /** Each manifest once, children before their parents. */
  readonly manifests: readonly Descriptor[];
  /** Each config and layer once; foreign layers are left out, they are not ours to carry. */
  readonly blobs: readonly Descriptor[];
  /** What should be there and is not, in words. */
  readonly missing: readonly string[];
};

export type GraphSource = {
  readonly depot: BlobDepot;
  readonly files: ReadonlyMap<Digest, LandedFile>;
  readonly limits: ArchiveLimits;
};

/** Walks from a manifest to all it names. Throws `archive_invalid` for what cannot be right; what is absent is listed. */
export async function walkImage(root: Descriptor, source: GraphSource): Promise<ImageGraph> {
  const walk = new Walk(source);
  const manifest = await walk.visit(root, 'the index.json', 0);
  if (manifest === undefined) throw archiveInvalid(`the archive lacks ${walk.missing.join(', ')}`);
  return {
    root: manifest,
    manifests: [...walk.manifests.values()],
    blobs: [...walk.blobs.values()],
    missing: walk.missing,
  };
}

class Walk {
  readonly manifests = new Map<Digest, Descriptor>();
  readonly blobs = new Map<Digest, Descriptor>();
  readonly missing: string[] = [];
  readonly #source: GraphSource;
  #manifestBytes = 0;

  constructor(source: GraphSource) {
    this.#source = source;
  }

  /** A manifest and what is below it; undefined when it is absent or was seen before. */
  async visit(descriptor: Descriptor, parent: string, depth: number): Promise<Manifest | undefined> {
    const { limits } = this.#source;
    const what = `manifest ${descriptor.digest}`;
    const file = this.#find(descriptor, 'manifest', parent);
    if (file === undefined || this.manifests.has(descriptor.digest)) return undefined;
    this.#manifestBytes += file.sizeBytes;
    if (this.#manifestBytes > limits.manifestBytes * MAX_MANIFESTS_IN_FULL) {
      throw archiveInvalid(
        `the image's manifests have more than ${limits.manifestBytes * MAX_MANIFESTS_IN_FULL} bytes together`,
      );
    }
    const manifest = await this.#read(descriptor, file, what);
    if (manifest.kind === 'index') {
      if (depth >= MAX_INDEX_DEPTH)
        throw archiveInvalid(`the index ${descriptor.digest} is nested more than ${MAX_INDEX_DEPTH} deep`);
      for (const child of manifest.manifests) await this.visit(child, what, depth + 1);
    } else {
      this.#addBlob(manifest.config, 'config', what);
      for (const layer of manifest.layers) if (!isForeignLayer(layer.mediaType)) this.#addBlob(layer, 'layer', what);
    }
    this.manifests.set(descriptor.digest, {
      mediaType: manifest.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
    });
    return manifest;
  }

  async #read(descriptor: Descriptor, file: LandedFile, what: string): Promise<Manifest> {
    const { depot, limits } = this.#source;
    try {
      return parseManifest(
        await readDocument(depot, file, limits.manifestBytes, what),
        descriptor.mediaType,
        digestAlgorithm(descriptor.digest),
      );
    } catch (error) {
      throw asArchiveFailure(what, error);
    }
  }

  #addBlob(descriptor: Descriptor, role: string, parent: string): void {
    if (this.#find(descriptor, role, parent) !== undefined) this.blobs.set(descriptor.digest, descriptor);
  }

  #find(descriptor: Descriptor, role: string, parent: string): LandedFile | undefined {
    const file = this.#source.files.get(descriptor.digest);
    if (file === undefined) {
      this.missing.push(`${role} ${descriptor.digest} of ${parent}`);
    } else if (file.sizeBytes !== descriptor.size) {
      throw archiveInvalid(
        `${parent} says that its ${role} ${descriptor.digest} has ${descriptor.size} bytes; it has ${file.sizeBytes}`,
      );
    }
    return file;
  }
}
