import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../oci/digest.ts';
import { type ImageIndex, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { isForeignLayer, isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { Tag } from '../../oci/tag.ts';
import type { BlobDepot } from './blob-depot.ts';
import type { BlobOrigin } from './blob-origin.ts';
import type { ImageTree, TreeManifest } from './image-tree.ts';
import { isAttestation, type Selection, selectChildren } from './selection.ts';

/** Deeper nesting than any builder makes; bounds what a hostile source can make us follow. */
const MAX_DEPTH = 5;
const MAX_MANIFESTS = 2_000;

/** Tags under which cosign keeps what it says of a digest. Source: sigstore/cosign specs/SIGNATURE_SPEC.md, "Tag-based discovery". */
const SIGNATURE_SUFFIXES = ['sig', 'att', 'sbom'] as const;

export type ReadImage = {
  readonly origin: BlobOrigin;
  readonly depot: BlobDepot;
  readonly digest: Digest;
  readonly selection: Selection;
  readonly signal: AbortSignal;
};

/**
 * Reads an image's manifests, from the depot where they are and from the origin otherwise, keeping them in the
 * depot. Throws `content_missing` when an index names a child that the source does not have, `platform_missing`,
 * `manifest_invalid`, `digest_mismatch`, and whatever the origin fails with.
 */
export async function readImage(request: ReadImage): Promise<ImageTree> {
  const reader = new TreeReader(request);
  return reader.read();
}

class TreeReader {
  readonly #request: ReadImage;
  readonly #manifests = new Map<Digest, TreeManifest>();
  readonly #rewritten = new Set<'platforms' | 'attestations-dropped'>();

  constructor(request: ReadImage) {
    this.#request = request;
  }

  async read(): Promise<ImageTree> {
    const { digest, selection } = this.#request;
    const original = await this.#manifest(digest, undefined);
    const root = await this.#visit(original, 0);
    if (selection.referrers) await this.#addReferrers();
    const manifests = [...this.#manifests.values()];
    const blobs = distinctBlobs(manifests);
    const bytesTotal =
      blobs.reduce((sum, blob) => sum + blob.size, 0) +
      manifests.reduce((sum, { manifest }) => sum + manifest.bytes.byteLength, 0);
    return { sourceDigest: digest, root, manifests, blobs, rewritten: [...this.#rewritten], bytesTotal };
  }

  /** Adds a manifest behind all it names; returns what stands for it after the selection. */
  async #visit(manifest: Manifest, depth: number): Promise<Manifest> {
    if (depth > MAX_DEPTH) throw this.#invalid(`its indexes are nested deeper than ${MAX_DEPTH}`);
    if (manifest.kind === 'image') {
      this.#add(manifest, false);
      return manifest;
    }
    const kept = selectChildren(manifest.manifests, this.#request.selection, (child) =>
      isIndexMediaType(child.mediaType),
    );
    const children: { before: Descriptor; after: Manifest }[] = [];
    for (const child of kept) {
      const after = await this.#visit(await this.#manifest(child.digest, child), depth + 1);
      if (after.kind === 'image' || after.manifests.length > 0) children.push({ before: child, after });
    }
    const single = children.filter((child) => !isAttestation(child.before));
    if (
      depth === 0 &&
      this.#request.selection.platforms.length === 1 &&
      single.length === 1 &&
      single[0] !== undefined
    ) {
      // One platform asked: that child is the release there, without an index around it and without attestations.
      for (const child of children) if (child !== single[0]) this.#manifests.delete(child.after.digest);
      this.#rewritten.add('platforms');
      return single[0].after;
    }
    const root = rewriteIndex(manifest, children);
    if (root !== manifest) {
      this.#rewritten.add(
        manifest.manifests.some((child) => isAttestation(child)) && this.#request.selection.platforms.length === 0
          ? 'attestations-dropped'
          : 'platforms',
      );
    }
    if (depth === 0 && children.length === 0 && manifest.manifests.length > 0)
      throw this.#invalid('nothing of it is left to carry');
    this.#add(root, false);
    return root;
  }

  /** Adds what speaks of the image's manifests: by the referrers API (or its fallback), and by cosign's tags. */
  async #addReferrers(): Promise<void> {
    const { origin, signal } = this.#request;
    const queue = [...this.#manifests.values()].map(({ manifest }) => manifest.digest);
    for (let subject = queue.shift(); subject !== undefined; subject = queue.shift()) {
      for (const referrer of await origin.listReferrers(subject, signal)) {
        if (
          this.#manifests.has(referrer.digest) ||
          !(isManifestMediaType(referrer.mediaType) || isIndexMediaType(referrer.mediaType))
        )
          continue;
        this.#add(await this.#manifest(referrer.digest, referrer), true);
        queue.push(referrer.digest);
      }
    }
    const { digest } = this.#request;
    for (const suffix of SIGNATURE_SUFFIXES) {
      const tag = `${digestAlgorithm(digest)}-${digestHex(digest)}.${suffix}` as Tag;
      const found = await origin.getManifest(tag, signal);
      if (found === undefined) continue;
      await this.#keep(found);
      this.#add(found, true, tag);
    }
  }

  #add(manifest: Manifest, isReferrer: boolean, tag: Tag | null = null): void {
    if (this.#manifests.size >= MAX_MANIFESTS) throw this.#invalid(`it has more than ${MAX_MANIFESTS} manifests`);
    if (!this.#manifests.has(manifest.digest)) this.#manifests.set(manifest.digest, { manifest, tag, isReferrer });
  }

  async #manifest(digest: Digest, descriptor: Descriptor | undefined): Promise<Manifest> {
    const { origin, depot, signal } = this.#request;
    const kept = await depot.readBytes(digest, MAX_MANIFEST_BYTES);
    const manifest =
      kept === undefined
        ? await origin.getManifest(digest, signal)
        : parseManifest(kept, descriptor?.mediaType, digestAlgorithm(digest));
    if (manifest === undefined) {
      throw new Failure('content_missing', `reading manifest ${digest} from ${origin.label}: it does not have it`, {
        side: 'source',
        step: 'manifest read',
      });
    }
    if (manifest.digest !== digest) {
      throw new Failure(
        'digest_mismatch',
        `reading manifest ${digest} from ${origin.label} gave bytes of ${manifest.digest}`,
        { side: 'source', step: 'manifest read' },
      );
    }
    if (descriptor !== undefined && descriptor.size !== manifest.bytes.byteLength) {
      throw new Failure(
        'size_mismatch',
        `reading manifest ${digest} from ${origin.label} gave ${manifest.bytes.byteLength} bytes, its descriptor says ${descriptor.size}`,
        {
          side: 'source',
          step: 'manifest read',
        },
      );
    }
    if (kept === undefined) await this.#keep(manifest);
    return manifest;
  }

  async #keep(manifest: Manifest): Promise<void> {
    await this.#request.depot.writeBytes(manifest.digest, manifest.bytes);
  }

  #invalid(what: string): Failure {
    return new Failure(
      'manifest_invalid',
      `reading ${this.#request.digest} from ${this.#request.origin.label}: ${what}`,
      { side: 'source', step: 'manifest read' },
    );
  }
}

/** The index with only these children, in their order, everything else as it was; itself when nothing changed. */
function rewriteIndex(index: ImageIndex, children: readonly { before: Descriptor; after: Manifest }[]): ImageIndex {
  const isSame =
    children.length === index.manifests.length && children.every((child) => child.before.digest === child.after.digest);
  if (isSame) return index;
  const document = JSON.parse(new TextDecoder().decode(index.bytes)) as {
    manifests: { digest: string; size: number }[];
  };
  const byDigest = new Map(document.manifests.map((entry) => [entry.digest, entry]));
  const manifests = children.map(({ before, after }) => ({
    ...byDigest.get(before.digest),
    digest: after.digest,
    size: after.bytes.byteLength,
  }));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, manifests }));
  return parseManifest(bytes, index.mediaType) as ImageIndex;
}

/** Each blob once, in order of appearance; layers that live elsewhere are left alone. */
function distinctBlobs(manifests: readonly TreeManifest[]): Descriptor[] {
  const blobs = new Map<Digest, Descriptor>();
  for (const { manifest } of manifests) {
    if (manifest.kind !== 'image') continue;
    for (const blob of [manifest.config, ...manifest.layers]) {
      if (isForeignLayer(blob.mediaType)) continue;
      const known = blobs.get(blob.digest);
      if (known !== undefined && known.size !== blob.size) {
        throw new Failure(
          'manifest_invalid',
          `the image names blob ${blob.digest} with ${known.size} and with ${blob.size} bytes`,
          { side: 'source', step: 'manifest read' },
        );
      }
      if (known === undefined) blobs.set(blob.digest, blob);
    }
  }
  return [...blobs.values()];
}
