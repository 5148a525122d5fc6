import { isFailure } from '../kernel/failure.ts';
import { closingPieces, type PieceStream } from '../kernel/piece-stream.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { isAttachmentTag } from '../oci/referrers-tag.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import type { Tag } from '../oci/tag.ts';
import type { KnownCodes } from './known-codes.ts';
import type { HolderFailed, PullHolder } from './pull-holder.ts';
import { readFromHolders } from './read-from-holders.ts';
import { TroubledHolders } from './troubled-holders.ts';
import { WithheldBlobs } from './withheld-blobs.ts';

/** What one cluster pulls from. */
export type PullView = {
  /** The digest that a tag is answered with; undefined for what is unknown or not placed. */
  findTag(image: RepositoryName, tag: Tag): Digest | undefined;
  /** All tags of an image; undefined for an image that is not known. */
  listTags(image: RepositoryName): readonly Tag[] | undefined;
  /** Who holds something of an image, in the order in which the cluster pulls. */
  holders(image: RepositoryName): readonly PullHolder[];
};

/** Manifests kept here, by digest: they never change. */
export type ManifestShelf = {
  find(digest: Digest): Manifest | undefined;
  keep(manifest: Manifest): void;
};

export type ImagePullsOptions = {
  readonly view: PullView;
  readonly shelf: ManifestShelf;
  readonly onHolderFailed: HolderFailed;
  readonly openHash: OpenHash;
  /** Of the blobs that were hashed before. */
  readonly knownCodes: KnownCodes;
};

/** Who has a blob, as far as is known; its size where that is known already. */
type Readers = { readonly holders: readonly PullHolder[]; readonly sizeBytes: number | undefined };

/** Enough for the layers of thousands of images; a size that was forgotten is asked for again. */
const MAX_SIZES = 50_000;

/** The read half of a registry over the registries that hold its images. */
export class ImagePulls {
  readonly #options: ImagePullsOptions;
  /** By image and digest: what one image has another may lack. */
  readonly #sizes = new Map<string, number>();
  readonly #withheld = new WithheldBlobs();
  readonly #troubled = new TroubledHolders();

  constructor(options: ImagePullsOptions) {
    this.#options = options;
  }

  async findManifest(image: RepositoryName, reference: Digest | Tag): Promise<Manifest | undefined> {
    const { view, shelf } = this.#options;
    const holders = this.#holders(image);
    if (holders.length === 0) return undefined;
    const named = isDigest(reference) ? reference : view.findTag(image, reference);
    // What hangs on a release is no release itself: such a tag means what it means where the release is pulled from.
    const asked = named ?? (isAttachmentTag(reference) ? reference : undefined);
    if (asked === undefined) return undefined;
    const kept = isDigest(asked) ? shelf.find(asked) : undefined;
    if (kept !== undefined) return kept;
    // What has its digest for a name is the same wherever it lies.
    const inTurn = isDigest(asked) ? nearFirst(holders) : holders;
    const found = await this.#firstOf(inTurn, ({ client, repository }) => client.getManifest(repository, asked));
    if (found === undefined) return undefined;
    shelf.keep(found);
    this.#noteSizes(image, found);
    return found;
  }

  async findBlob(image: RepositoryName, digest: Digest): Promise<{ readonly sizeBytes: number } | undefined> {
    const known = this.#sizes.get(`${image} ${digest}`);
    if (known !== undefined && this.#holders(image).length > 0) return { sizeBytes: known };
    return this.#findSize(image, digest, await this.#findReaders(image, digest));
  }

  async openBlob(
    image: RepositoryName,
    digest: Digest,
    { offset, end }: { readonly offset: number; readonly end: number },
  ): Promise<PieceStream | undefined> {
    const readers = await this.#findReaders(image, digest);
    const found = await this.#findSize(image, digest, readers);
    if (found === undefined) return undefined;
    const stopped = new AbortController();
    const read = { digest, sizeBytes: found.sizeBytes, offset, end };
    const { openHash, knownCodes } = this.#options;
    const onFailed: HolderFailed = (holder, error) => this.#failed(holder, error);
    const pieces = readFromHolders(readers.holders, read, { openHash, knownCodes, onFailed }, stopped.signal);
    // Before there is a byte it can still be said that there will be none.
    const first = await pieces.next();
    return closingPieces(pieces, () => stopped.abort(), first);
  }

  /** Where the blob can be fetched without any credentials: asked anew for each, since such addresses expire. */
  async findOffer(image: RepositoryName, digest: Digest): Promise<string | undefined> {
    const sizeBytes = this.#sizes.get(`${image} ${digest}`);
    for (const holder of this.#holders(image)) {
      if (sizeBytes !== undefined && this.#withheld.has(holder, sizeBytes)) return undefined;
      try {
        const offer = await holder.client.findBlobOffer(holder.repository, digest);
        // A registry that has it and does not offer it is read from here: it comes before the next one.
        if (offer === undefined) continue;
        if (offer.url === null && sizeBytes !== undefined) this.#withheld.note(holder, sizeBytes);
        return offer.url ?? undefined;
      } catch (error) {
        this.#failed(holder, error);
      }
    }
    return undefined;
  }

  async listTags(image: RepositoryName): Promise<readonly Tag[] | undefined> {
    const tags = this.#options.view.listTags(image);
    return tags === undefined ? undefined : [...tags].sort();
  }

  /** What speaks of a digest (signatures, attestations), by the first holder that can say. */
  async listReferrers(image: RepositoryName, subject: Digest): Promise<readonly Descriptor[]> {
    const found = await this.#firstOf(this.#holders(image), ({ client, repository }) =>
      client.listReferrers(repository, subject),
    );
    return found?.referrers ?? [];
  }

  /** In the order in which the cluster pulls; whoever failed a moment ago comes last. */
  #holders(image: RepositoryName): readonly PullHolder[] {
    return this.#troubled.inOrder(this.#options.view.holders(image));
  }

  #failed(holder: PullHolder, error: unknown): void {
    this.#troubled.note(holder, error);
    this.#options.onHolderFailed(holder, error);
  }

  /** Whom bytes are read from: who is near, if it has them, and then the registries in the cluster's order. */
  async #findReaders(image: RepositoryName, digest: Digest): Promise<Readers> {
    const holders = this.#holders(image);
    const near: PullHolder[] = [];
    let sizeBytes = holders.length > 0 ? this.#sizes.get(`${image} ${digest}`) : undefined;
    for (const holder of holders.filter(({ isNear }) => isNear)) {
      try {
        const found = await holder.client.headBlob(holder.repository, digest);
        if (found === undefined) continue;
        near.push(holder);
        sizeBytes ??= found.sizeBytes;
      } catch (error) {
        if (!isFailure(error)) throw error;
        this.#failed(holder, error);
      }
    }
    return { holders: [...near, ...holders.filter(({ isNear }) => !isNear)], sizeBytes };
  }

  /** Of a blob whose size is not known yet, by the first of them that has it. */
  async #findSize(
    image: RepositoryName,
    digest: Digest,
    { holders, sizeBytes }: Readers,
  ): Promise<{ readonly sizeBytes: number } | undefined> {
    const found =
      sizeBytes === undefined
        ? await this.#firstOf(holders, ({ client, repository }) => client.headBlob(repository, digest))
        : { sizeBytes };
    if (found !== undefined) this.#noteSize(image, digest, found.sizeBytes);
    return found;
  }

  /** The first holder's answer that is one; throws the last failure where none has it and one could not say. */
  async #firstOf<T>(
    holders: readonly PullHolder[],
    ask: (holder: PullHolder) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    let failure: unknown;
    for (const holder of holders) {
      try {
        const found = await ask(holder);
        if (found !== undefined) return found;
      } catch (error) {
        if (!isFailure(error)) throw error;
        failure = error;
        this.#failed(holder, error);
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  #noteSizes(image: RepositoryName, manifest: Manifest): void {
    if (manifest.kind === 'index') return;
    for (const { digest, size } of [manifest.config, ...manifest.layers]) this.#noteSize(image, digest, size);
  }

  #noteSize(image: RepositoryName, digest: Digest, sizeBytes: number): void {
    const key = `${image} ${digest}`;
    if (this.#sizes.has(key)) return;
    if (this.#sizes.size >= MAX_SIZES) this.#sizes.clear();
    this.#sizes.set(key, sizeBytes);
  }
}

function nearFirst(holders: readonly PullHolder[]): readonly PullHolder[] {
  return [...holders.filter(({ isNear }) => isNear), ...holders.filter(({ isNear }) => !isNear)];
}
