import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../oci/digest.ts';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
} from '../../oci/manifest.ts';
import { isImageConfigMediaType, isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { Tag } from '../../oci/tag.ts';
import type { BlobDepot } from './blob-depot.ts';
import type { BlobOrigin } from './blob-origin.ts';
import { readConfigPlatform } from './config-platform.ts';
import { distinctBlobs } from './distinct-blobs.ts';
import type { ImageTree, TreeManifest } from './image-tree.ts';
import { type CarriedChild, rewriteIndex } from './rewrite-index.ts';
import { isAttestation, requirePlatforms, type Selection, selectChildren } from './selection.ts';

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
  /** What stands for a manifest after the selection; nothing where nothing of it is carried. */
  readonly #visited = new Map<Digest, Manifest | undefined>();
  /** All children of all indexes, and the images among those that are carried. */
  readonly #children: Descriptor[] = [];
  readonly #leaves = new Map<Digest, Manifest>();

  constructor(request: ReadImage) {
    this.#request = request;
  }

  async read(): Promise<ImageTree> {
    const { digest, selection } = this.#request;
    const original = await this.#get(digest, undefined);
    const whole = await this.#visit(original, 0);
    if (original.kind === 'index') requirePlatforms(this.#children, selection);
    else await this.#requirePlatformOf(original);
    if (whole === undefined) throw this.#invalid('nothing of it is left to carry');
    const root = this.#unwrap(whole);
    if (selection.referrers) await this.#addReferrers(root);
    const manifests = [...this.#manifests.values()];
    const blobs = distinctBlobs(manifests);
    const bytesTotal =
      blobs.reduce((sum, blob) => sum + blob.size, 0) +
      manifests.reduce((sum, { manifest }) => sum + manifest.bytes.byteLength, 0);
    return { sourceDigest: digest, root, manifests, blobs, rewritten: [...this.#rewritten], bytesTotal };
  }

  /** A manifest without an index says its platform in its config; what is no container image has none to say. */
  async #requirePlatformOf(image: ImageManifest): Promise<void> {
    const { selection, origin, depot, signal } = this.#request;
    if (selection.platforms.length === 0 || !isImageConfigMediaType(image.config.mediaType)) return;
    const platform = await readConfigPlatform({ config: image.config, origin, depot, signal });
    requirePlatforms(platform === undefined ? [] : [{ ...image.config, platform }], selection);
  }

  /** Adds a manifest behind all it names; returns what stands for it after the selection. Each is looked into once. */
  async #visit(manifest: Manifest, depth: number): Promise<Manifest | undefined> {
    if (depth > MAX_DEPTH) throw this.#invalid(`its indexes are nested deeper than ${MAX_DEPTH}`);
    const after = manifest.kind === 'image' ? manifest : await this.#visitIndex(manifest, depth);
    this.#visited.set(manifest.digest, after);
    if (after !== undefined) this.#add(after, false);
    return after;
  }

  async #visitIndex(index: ImageIndex, depth: number): Promise<ImageIndex | undefined> {
    const { selection } = this.#request;
    for (const child of index.manifests) this.#children.push(child);
    const kept = selectChildren(index.manifests, selection, (child) => isIndexMediaType(child.mediaType));
    const children: CarriedChild[] = [];
    for (const child of kept) {
      const after = this.#visited.has(child.digest)
        ? this.#visited.get(child.digest)
        : await this.#visit(await this.#get(child.digest, child), depth + 1);
      if (after === undefined) continue;
      children.push({ before: child, after });
      if (after.kind === 'image' && !isAttestation(child)) this.#leaves.set(after.digest, after);
    }
    const left = index.manifests.filter((child) => !children.some(({ before }) => before === child));
    const isDropped = (child: Descriptor) => selection.attestations === 'drop' && isAttestation(child);
    if (left.some(isDropped)) this.#rewritten.add('attestations-dropped');
    if (left.some((child) => !isDropped(child))) this.#rewritten.add('platforms');
    return children.length === 0 && left.length > 0 ? undefined : rewriteIndex(index, children);
  }

  /** One platform asked: that child is the release there, without an index around it and without attestations. */
  #unwrap(root: Manifest): Manifest {
    const [only] = this.#leaves.values();
    if (this.#request.selection.platforms.length !== 1 || this.#leaves.size !== 1 || only === undefined) return root;
    this.#manifests.clear();
    this.#add(only, false);
    this.#rewritten.clear();
    this.#rewritten.add('platforms');
    return only;
  }

  /** Adds what speaks of the image's manifests: by the referrers API (or its fallback), and by cosign's tags. */
  async #addReferrers(root: Manifest): Promise<void> {
    const { origin, signal } = this.#request;
    const subjects = [...this.#manifests.keys()];
    for (const subject of subjects) {
      for (const referrer of await origin.listReferrers(subject, signal)) {
        const isManifest = isManifestMediaType(referrer.mediaType) || isIndexMediaType(referrer.mediaType);
        if (!isManifest || this.#manifests.has(referrer.digest)) continue;
        // A list kept by clients may name what has been deleted.
        const found = await this.#find(referrer.digest, referrer);
        if (found === undefined) continue;
        await this.#addWhole(found, null, 0);
        subjects.push(referrer.digest);
      }
    }
    for (const suffix of SIGNATURE_SUFFIXES) {
      const tag = `${digestAlgorithm(root.digest)}-${digestHex(root.digest)}.${suffix}` as Tag;
      const found = await origin.getManifest(tag, signal);
      if (found === undefined) continue;
      await this.#keep(found);
      await this.#addWhole(found, tag, 0);
    }
  }

  /** Adds a referrer with all of its children: the selection is of the image, not of what is said about it. */
  async #addWhole(manifest: Manifest, tag: Tag | null, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw this.#invalid(`what refers to it is nested deeper than ${MAX_DEPTH}`);
    if (manifest.kind === 'index') {
      for (const child of manifest.manifests) {
        if (!this.#manifests.has(child.digest))
          await this.#addWhole(await this.#get(child.digest, child), null, depth + 1);
      }
    }
    this.#add(manifest, true, tag);
  }

  #add(manifest: Manifest, isReferrer: boolean, tag: Tag | null = null): void {
    const known = this.#manifests.get(manifest.digest);
    if (known !== undefined && tag === null) return;
    if (known === undefined && this.#manifests.size >= MAX_MANIFESTS)
      throw this.#invalid(`it has more than ${MAX_MANIFESTS} manifests`);
    this.#manifests.set(manifest.digest, known === undefined ? { manifest, tag, isReferrer } : { ...known, tag });
  }

  async #get(digest: Digest, descriptor: Descriptor | undefined): Promise<Manifest> {
    const found = await this.#find(digest, descriptor);
    if (found !== undefined) return found;
    throw this.#failure('content_missing', `reading manifest ${digest} from ${this.#origin}: it does not have it`);
  }

  async #find(digest: Digest, descriptor: Descriptor | undefined): Promise<Manifest | undefined> {
    const { origin, depot, signal } = this.#request;
    const kept = await depot.readBytes(digest, MAX_MANIFEST_BYTES);
    const manifest =
      kept === undefined
        ? await origin.getManifest(digest, signal)
        : parseManifest(kept, descriptor?.mediaType, digestAlgorithm(digest));
    if (manifest === undefined) return undefined;
    if (manifest.digest !== digest)
      throw this.#failure(
        'digest_mismatch',
        `reading manifest ${digest} from ${this.#origin} gave bytes of ${manifest.digest}`,
      );
    if (descriptor !== undefined && descriptor.size !== manifest.bytes.byteLength) {
      throw this.#failure(
        'size_mismatch',
        `reading manifest ${digest} from ${this.#origin} gave ${manifest.bytes.byteLength} bytes, its descriptor says ${descriptor.size}`,
      );
    }
    if (kept === undefined) await this.#keep(manifest);
    return manifest;
  }

  async #keep(manifest: Manifest): Promise<void> {
    await this.#request.depot.writeBytes(manifest.digest, manifest.bytes);
  }

  get #origin(): string {
    return this.#request.origin.label;
  }

  #invalid(what: string): Failure {
    return this.#failure('manifest_invalid', `reading ${this.#request.digest} from ${this.#origin}: ${what}`);
  }

  #failure(code: ConstructorParameters<typeof Failure>[0], message: string): Failure {
    return new Failure(code, message, { side: 'source', step: 'manifest read' });
  }
}
