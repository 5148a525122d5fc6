import { toFailure } from '../../kernel/failure.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { GrowingUpload, UploadGrowth } from '../copy/growing-upload.ts';
import type { EarlyBytes } from './early-bytes.ts';
import { type EarlyTarget, findEarlyTargets } from './early-targets.ts';
import { HeadStart, type HeadStartResult, LEAST_PART_BYTES } from './head-start.ts';
import type { ImageOwners } from './image-owners.ts';
import type { SyncContext } from './sync-context.ts';

/** An upload with the head starts it has a part in, until it is over. */
type Followed = { readonly starts: Set<HeadStart>; readonly over: AbortController };

/** Uploads are told apart by so much: two that begin alike are taken for the same until they turn out not to be. */
const BEGINNING_BYTES = 1024 * 1024;

/** Versions of a layer whose files come first in the same order begin alike; the latest are the likely ones. */
const MOST_COMPARED = 4;

/**
 * Lets blobs cross while clients are still sending them, to wherever the image's releases go now. A blob that fits in
 * one part does not begin early. What fails here is left to the crossing that follows when the blob is whole.
 */
export class HeadStarts implements UploadGrowth {
  readonly #context: SyncContext;
  readonly #bytes: EarlyBytes;
  readonly #owners: ImageOwners;
  readonly #leastBytes: number;
  readonly #closing = new AbortController();
  /** Those that are long enough. */
  readonly #uploads = new Map<GrowingUpload, Followed>();
  /** By target and beginning. */
  readonly #leaders = new Map<string, HeadStart>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(context: SyncContext, bytes: EarlyBytes, owners: ImageOwners) {
    this.#context = context;
    this.#bytes = bytes;
    this.#owners = owners;
    this.#leastBytes = Math.min(LEAST_PART_BYTES, context.world.limits.chunkBytes);
  }

  grown(upload: GrowingUpload): void {
    if (upload.sizeBytes <= this.#leastBytes || this.#uploads.has(upload) || this.#closing.signal.aborted) return;
    this.#uploads.set(upload, { starts: new Set(), over: new AbortController() });
    this.#follow(this.#begin(upload));
  }

  verified(upload: GrowingUpload): void {
    for (const start of this.#uploads.get(upload)?.starts ?? []) start.verified(upload);
  }

  ended(upload: GrowingUpload): void {
    const followed = this.#uploads.get(upload);
    this.#uploads.delete(upload);
    for (const start of followed?.starts ?? []) start.ended(upload);
    followed?.over.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #begin(upload: GrowingUpload): Promise<void> {
    const targets = findEarlyTargets(this.#context, upload.repository);
    if (targets.length === 0) return;
    const beginning = await upload.hashBeginning(Math.min(BEGINNING_BYTES, this.#leastBytes));
    const alike = await upload.findAlike();
    for (const to of targets) this.#follow(this.#beginAt(upload, to, { beginning, alike }));
  }

  async #beginAt(
    upload: GrowingUpload,
    to: EarlyTarget,
    { beginning, alike }: { beginning: string; alike: readonly Digest[] },
  ): Promise<void> {
    const { target } = to;
    if (!(await this.#isNews(upload, to, alike))) return;
    const starts = this.#uploads.get(upload)?.starts;
    if (starts === undefined || upload.blob !== undefined || this.#closing.signal.aborted) return;
    const leaderKey = `${target.name} ${upload.algorithm} ${beginning}`;
    const leader = this.#leaders.get(leaderKey);
    if (leader !== undefined) {
      starts.add(leader);
      await leader.join(upload);
      return;
    }
    const start = new HeadStart(upload, {
      context: this.#context,
      to,
      // The same after a restart: clients send the layer again, or go on with it, and what has crossed is gone on with.
      key: digestOf(Buffer.from(leaderKey)),
      slotOwner: this.#owners.of(upload.repository),
      onSettled: (digest, bytes) => this.#bytes.add(target.name, upload.repository, digest, bytes),
      closing: this.#closing.signal,
    });
    starts.add(start);
    this.#leaders.set(leaderKey, start);
    const result = await start.done;
    this.#leaders.delete(leaderKey);
    this.#tell(upload, target.name, result);
  }

  /**
   * Resolves once it is seen that an upload is none of the blobs which the target has already, as far as we know and have
   * them too: a client that has not heard of them sends base images again and again. False where it is over before.
   */
  async #isNews(upload: GrowingUpload, to: EarlyTarget, alike: readonly Digest[]): Promise<boolean> {
    for (const digest of alike.slice(0, MOST_COMPARED)) {
      const at = await this.#context.locations.find(to.target.name, digest);
      if (at === undefined || (at !== to.repository && to.target.mounts === false)) continue;
      const over = this.#uploads.get(upload)?.over.signal;
      if (over === undefined) return false;
      const ended = AbortSignal.any([over, this.#closing.signal]);
      const differs = await upload.differsFrom(digest, ended).catch((error: unknown) => {
        if (ended.aborted) return false;
        throw error;
      });
      if (!differs) return false;
    }
    return true;
  }

  #tell(upload: GrowingUpload, registry: string, result: HeadStartResult): void {
    const { sentBytes: bytes, isUsed, why } = result;
    this.#context.onHeadStart?.(registry, { bytes, isUsed });
    const facts = { registry, image: upload.repository, bytes, why };
    if (!this.#closing.signal.aborted) this.#context.log.info({ event: 'head start ended', ...facts });
  }

  #follow(work: Promise<void>): void {
    const followed = work.catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      this.#context.log.info({ event: 'head start failed', error: toFailure(error).message });
    });
    this.#underWay.add(followed);
    followed.finally(() => this.#underWay.delete(followed));
  }
}
