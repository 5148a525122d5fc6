import { Failure, toFailure } from '../../kernel/failure.ts';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import { atSide } from '../copy/blob-origin.ts';
import { dropUpload } from '../copy/drop-upload.ts';
import type { GrowingReader, GrowingUpload } from '../copy/growing-upload.ts';
import type { Pause } from '../copy/pause-before.ts';
import type { Place } from '../copy/slots.ts';
import { uploadBlob } from '../copy/upload-blob.ts';
import type { ChunkBounds, UploadContent } from '../copy/upload-content.ts';
import { AlikeUploads } from './alike-uploads.ts';
import { CrossingClaims } from './crossing-claims.ts';
import type { SentBytes } from './early-bytes.ts';
import type { EarlyTarget } from './early-targets.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * What is sent at a time of a blob that is still growing, at least: uploads cannot have smaller parts at S3, where many
 * registries keep them, nor at ECR.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html,
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, 2026-11-26.
 */
export const LEAST_PART_BYTES = 5 * 1024 * 1024;

export type HeadStartResult = {
  readonly sentBytes: number;
  /** Did they bring a blob there, or at least closer? */
  readonly isUsed: boolean;
  readonly why: string;
};

export type HeadStartOptions = {
  readonly context: Pick<SyncContext, 'journal' | 'locations' | 'clock'>;
  readonly to: EarlyTarget;
  /** What the journal knows it by until it is known what crosses. */
  readonly key: Digest;
  /** With whom it shares places. */
  readonly slotOwner: object;
  /** It is known what crosses, and `bytes` tells at any time what was sent of it: before the target can have it. */
  readonly onSettled: (digest: Digest, bytes: SentBytes) => void;
  /** The service stops: nothing is given back, the next run goes on with it. */
  readonly closing: AbortSignal;
};

/**
 * One blob that crosses to one target while a client still sends it to us. The target is told what it is when we know:
 * then it is asked whether it has it, and what is left goes the way of every upload. Clients that send the same at once
 * have one head start together.
 */
export class HeadStart {
  /** Never rejects. */
  readonly done: Promise<HeadStartResult>;
  readonly #options: HeadStartOptions;
  readonly #uploads: AlikeUploads;
  readonly #claims: CrossingClaims;
  readonly #stop = new AbortController();
  readonly #pause: Pause = (ms, signal) => this.#options.context.clock.sleep(ms, signal);
  readonly #onClosing = () => this.#giveUp('the service is stopping');
  #hasBegun = false;
  #settledOn: Digest | undefined;
  #isOver = false;
  readonly #bytes = { sent: 0, again: 0 };

  constructor(upload: GrowingUpload, options: HeadStartOptions) {
    const { target } = options.to;
    this.#options = options;
    this.#claims = new CrossingClaims(target);
    // Nobody gives back what is noted of it meanwhile, however long the client pauses.
    this.#claims.claim(options.key);
    this.#uploads = new AlikeUploads(upload, ({ blob }) => blob !== undefined && this.#claims.drop(blob.digest));
    options.closing.addEventListener('abort', this.#onClosing, { once: true });
    this.done = this.#run();
  }

  /** Another client sends what begins with the same bytes. */
  join(upload: GrowingUpload): Promise<void> {
    return this.#uploads.join(upload);
  }

  /** It is known what an upload is. Whoever needs that at the target from now on waits for us. */
  verified(upload: GrowingUpload): void {
    const { blob } = upload;
    if (blob === undefined || this.#isOver || !this.#uploads.mayDecide(upload)) return;
    if (!this.#hasBegun) this.#giveUp('it was whole before there was a place for it');
    else if (this.#claims.claim(blob.digest)) this.#uploads.decided(upload);
    else if (upload === this.#uploads.source) this.#giveUp('somebody else sends it');
  }

  /** Nothing more will come of an upload. */
  ended(upload: GrowingUpload): void {
    if (upload.blob !== undefined) return;
    this.#uploads.lost(upload);
    if (this.#uploads.isLost) this.#giveUp('the client gave it up');
  }

  #giveUp(why: string): void {
    this.#stop.abort(new Failure('cancelled', why, { side: 'here', step: 'head start' }));
  }

  async #run(): Promise<HeadStartResult> {
    const { to, context, slotOwner } = this.#options;
    const { target, repository } = to;
    const { signal } = this.#stop;
    try {
      await target.ensureRepository(repository, signal);
      await target.slots.run((place) => this.#send(place), signal, slotOwner);
      const digest = this.#settledOn;
      if (digest === undefined) throw new Failure('internal', 'a blob crossed and nobody knows which');
      await context.locations.add(target.name, repository, [digest]);
      this.#claims.keep(digest, repository);
      this.#end();
      return { sentBytes: this.#bytes.sent, isUsed: true, why: 'it crossed' };
    } catch (error) {
      // Once it has its digest in the journal, whoever crosses it next goes on from there.
      const left = signal.aborted ? undefined : this.#settledOn;
      this.#end();
      if (left === undefined) await this.#giveBack().catch(() => {});
      const why = toFailure(signal.aborted ? signal.reason : error).message;
      return { sentBytes: this.#bytes.sent, isUsed: left !== undefined, why };
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#claims.close();
    this.#uploads.close();
    this.#options.closing.removeEventListener('abort', this.#onClosing);
  }

  async #giveBack(): Promise<void> {
    const { closing } = this.#options;
    if (!closing.aborted) await this.#dropNoted(this.#options.key, closing);
  }

  #dropNoted(digest: Digest, signal: AbortSignal): Promise<void> {
    const { to, context } = this.#options;
    return dropUpload({ ...to, journal: context.journal, pause: this.#pause }, digest, signal);
  }

  async #send(place: Place): Promise<void> {
    const { to, context } = this.#options;
    const { target, repository } = to;
    const { journal, clock } = context;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    this.#hasBegun = true;
    const reader = await this.#uploads.source.openReader();
    try {
      await this.#untilNotBehind(reader, place);
      await atSide('target', 'blob upload', () =>
        uploadBlob(
          {
            registry: target.name,
            client: target.client,
            repository,
            content: this.#content(reader, place),
            journal,
            chunkBytes: target.chunkBytes,
            leastChunkBytes: Math.min(LEAST_PART_BYTES, target.chunkBytes),
            pause: this.#pause,
            nowMs: () => clock.nowMs(),
            betweenChunks: () => place.giveWay(),
            onSent: (bytes, again) => {
              this.#bytes.sent += bytes;
              this.#bytes.again += again;
            },
            // They belong to no push yet.
            onResumed: (bytes) => {
              this.#bytes.sent += bytes;
            },
            onRestarted: () => {},
          },
          undefined,
          signal,
        ),
      );
    } finally {
      reader.close();
    }
  }

  /**
   * An earlier run may have sent more of it than has come to this one. Whether it was the same beyond its beginning is
   * decided at last by the target, by the digest; where it was not, the blob begins anew.
   */
  async #untilNotBehind(reader: GrowingReader, place: Place): Promise<void> {
    const { to, context, key } = this.#options;
    const noted = await context.journal.find(to.target.name, to.repository, key);
    if (noted === undefined) return;
    const { blob } = await this.#waitBeyond(noted.sentUpTo, { reader, place });
    if (blob !== undefined && blob.size <= noted.sentUpTo) await this.#dropNoted(key, this.#stop.signal);
  }

  #content(reader: GrowingReader, place: Place): UploadContent {
    const uploads = this.#uploads;
    const findChunkEnd = (offset: number, bounds: ChunkBounds, signal: AbortSignal) =>
      this.#findChunkEnd({ reader, place, offset, bounds }, signal);
    const settled = () => (this.#settledOn === undefined ? undefined : uploads.source.blob);
    return {
      algorithm: uploads.source.algorithm,
      key: this.#options.key,
      get blob() {
        return settled();
      },
      get sizeBytes() {
        return uploads.source.sizeBytes;
      },
      reader,
      findChunkEnd,
    };
  }

  /**
   * A chunk is sent when all of it is on the disk, so a client that is slow or gone holds neither a connection nor a
   * place. The very last byte waits for the closing PUT: ECR has answered an empty one with 500 (tart#159).
   */
  async #findChunkEnd(
    at: { reader: GrowingReader; place: Place; offset: number; bounds: ChunkBounds },
    signal: AbortSignal,
  ): Promise<number> {
    const { reader, place, offset, bounds } = at;
    const { blob, sizeBytes } = await this.#waitBeyond(offset + bounds.least, { reader, place });
    if (blob === undefined) return offset + Math.min(sizeBytes - 1 - offset, bounds.most);
    await this.#settleOn(blob.digest, signal);
    return Math.min(blob.size, offset + bounds.most);
  }

  /** The source once it has more bytes than that, or is whole; without a place where that takes time. */
  async #waitBeyond(bytes: number, at: { reader: GrowingReader; place: Place }): Promise<GrowingUpload> {
    const { signal } = this.#stop;
    for (;;) {
      await this.#uploads.change(at.reader);
      if (this.#uploads.isLost) this.#giveUp('the client gave it up');
      signal.throwIfAborted();
      const { source } = this.#uploads;
      if (source.blob !== undefined || source.sizeBytes > bytes) return source;
      await at.place.leaveFor(() => this.#uploads.waitBeyond(bytes, signal));
    }
  }

  /** It is known what crosses: does the target want it? */
  async #settleOn(digest: Digest, signal: AbortSignal): Promise<void> {
    if (this.#settledOn !== undefined) return;
    const { target, repository } = this.#options.to;
    if (digestAlgorithm(digest) !== this.#uploads.source.algorithm) this.#giveUp('it was hashed as something else');
    else if ((await target.client.headBlob(repository, digest, { signal })) !== undefined)
      this.#giveUp('the target has it');
    signal.throwIfAborted();
    // What an earlier attempt may have left of it.
    await this.#dropNoted(digest, signal);
    this.#settledOn = digest;
    this.#options.onSettled(digest, this.#bytes);
  }
}
