import { toFailure } from '../../kernel/failure.ts';
import { isRepositoryName } from '../../oci/repository-name.ts';
import { dropUpload } from '../copy/drop-upload.ts';
import type { GrowingUpload, UploadGrowth } from '../copy/growing-upload.ts';
import type { EarlyBytes } from './early-bytes.ts';
import { findEarlyTargets } from './early-targets.ts';
import { HeadStart, type HeadStartResult, LEAST_PART_BYTES } from './head-start.ts';
import type { ImageOwners } from './image-owners.ts';
import type { SyncContext } from './sync-context.ts';

/** Uploads are told apart by so much: two that begin alike are taken for the same until they turn out not to be. */
const BEGINNING_BYTES = 1024 * 1024;

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
  /** Of each upload that is long enough, the head starts it has a part in. */
  readonly #uploads = new Map<GrowingUpload, Set<HeadStart>>();
  /** By target and beginning. */
  readonly #leaders = new Map<string, HeadStart>();
  readonly #keys = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(context: SyncContext, bytes: EarlyBytes, owners: ImageOwners) {
    this.#context = context;
    this.#bytes = bytes;
    this.#owners = owners;
    this.#leastBytes = Math.min(LEAST_PART_BYTES, context.world.limits.chunkBytes);
  }

  /** Gives back, beside everything else, what an earlier run had under way when it was killed. */
  start(): void {
    this.#follow(this.#sweep());
  }

  grown(upload: GrowingUpload): void {
    if (upload.sizeBytes <= this.#leastBytes || this.#uploads.has(upload) || this.#closing.signal.aborted) return;
    this.#uploads.set(upload, new Set());
    this.#follow(this.#begin(upload));
  }

  verified(upload: GrowingUpload): void {
    for (const start of this.#uploads.get(upload) ?? []) start.verified(upload);
  }

  ended(upload: GrowingUpload): void {
    for (const start of this.#uploads.get(upload) ?? []) start.ended(upload);
    this.#uploads.delete(upload);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #begin(upload: GrowingUpload): Promise<void> {
    const targets = findEarlyTargets(this.#context, upload.repository);
    if (targets.length === 0) return;
    const beginning = await upload.hashBeginning(Math.min(BEGINNING_BYTES, this.#leastBytes));
    for (const to of targets) {
      const starts = this.#uploads.get(upload);
      if (starts === undefined || upload.blob !== undefined || this.#closing.signal.aborted) return;
      const leaderKey = `${to.target.name} ${upload.algorithm} ${beginning}`;
      const leader = this.#leaders.get(leaderKey);
      if (leader !== undefined) {
        starts.add(leader);
        await leader.join(upload);
        continue;
      }
      const start = new HeadStart(upload, {
        context: this.#context,
        to,
        slotOwner: this.#owners.of(upload.repository),
        closing: this.#closing.signal,
      });
      starts.add(start);
      this.#leaders.set(leaderKey, start);
      this.#keys.add(start.key);
      const ended = start.done.then((result) => {
        this.#leaders.delete(leaderKey);
        this.#keys.delete(start.key);
        this.#tell(upload, to.target.name, result);
      });
      this.#follow(ended);
    }
  }

  #tell(upload: GrowingUpload, registry: string, result: HeadStartResult): void {
    const { digest, sent, again, why } = result;
    if (digest !== undefined) this.#bytes.add(registry, upload.repository, digest, { sent, again });
    this.#context.onHeadStart?.(registry, { bytes: sent, isUsed: digest !== undefined });
    const facts = { registry, image: upload.repository, bytes: sent, why };
    if (!this.#closing.signal.aborted) this.#context.log.info({ event: 'head start ended', ...facts });
  }

  async #sweep(): Promise<void> {
    const { journal, directory, clock } = this.#context;
    const pause = (ms: number, abort: AbortSignal) => clock.sleep(ms, abort);
    for (const { registry, repository, digest } of await journal.listProvisional()) {
      if (this.#keys.has(digest)) continue;
      const target = directory.registry(registry)?.target;
      if (target === undefined || !isRepositoryName(repository)) await journal.remove(registry, repository, digest);
      else await dropUpload({ target, repository, journal, pause }, digest, this.#closing.signal);
    }
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
