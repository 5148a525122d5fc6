import { type Clock, systemClock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { BlobBody } from '../../registry/registry-client.ts';
import type { BlobAside, OpenBlob } from './blob-depot.ts';
import type { BlobOrigin, WantedRange } from './blob-origin.ts';
import type { ReplacedCause } from './copy-progress.ts';
import { Endurance } from './endurance.ts';
import type { Pause } from './pause-before.ts';
import { isRangeTrouble, isRangeUsable, RangesUnusable } from './range-answer.ts';
import { findReplacedCause } from './replaced-cause.ts';
import type { StripeBudget } from './stripe-budget.ts';
import { StripedReading } from './striped-reading.ts';

/**
 * A blob of more than this is asked for in a first part of so many bytes, whose answer tells how far away it comes from
 * and whether ranges are understood. A smaller one is there before further connections would pay.
 */
const FIRST_PART_BYTES = 4 * 1024 * 1024;

export type ResumingSourceOptions = {
  readonly origin: BlobOrigin;
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly pause: Pause;
  readonly budget: StripeBudget;
  readonly clock?: Clock;
  /** A connection was given up because too little moved on it. */
  readonly onReplaced?: (cause: ReplacedCause) => void;
};

/**
 * Opens a blob of an origin so that an interruption is invisible: when the connection breaks off, the rest is asked
 * for from where it stopped. Over a long path a large blob is read by several connections at once. Gives up after
 * several attempts in a row that brought nothing.
 */
export function resumingSource(options: ResumingSourceOptions): OpenBlob {
  return async (offset, signal, aside) => {
    const { size } = options.blob;
    const clock = options.clock ?? systemClock;
    const reading = new ResumingReading(options, signal);
    const firstEnd = Math.min(offset + FIRST_PART_BYTES, aside.kept[0]?.offset ?? size);
    const wanted = firstEnd < size ? { offset, end: firstEnd } : { offset };
    const askedAtMs = clock.elapsedMs();
    const first = await reading.open(wanted);
    const isInParts = wanted.end !== undefined && isRangeUsable(first, wanted, size);
    if (!isInParts || !(first.isLongPath || aside.kept.length > 0))
      return { startsAt: first.startsAt, body: reading.read(first, first.startsAt) };
    const answerMs = clock.elapsedMs() - askedAtMs;
    return { startsAt: offset, body: reading.readStriped(first, { aside, answerMs, clock }) };
  };
}

class ResumingReading {
  readonly #options: ResumingSourceOptions;
  readonly #signal: AbortSignal;
  readonly #endurance: Endurance;

  constructor(options: ResumingSourceOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#endurance = new Endurance(options.pause, signal);
  }

  async open(wanted: WantedRange): Promise<BlobBody> {
    for (;;) {
      try {
        return await this.#openOnce(wanted, this.#signal);
      } catch (error) {
        // A source that refuses ranges, or has given all of it before it broke off: from the front and skipping.
        const isRanged = wanted.offset > 0 || wanted.end !== undefined;
        if (isRanged && isRangeTrouble(error)) return await this.open({ offset: 0 });
        await this.#endurance.endure(error);
      }
    }
  }

  /** The bytes from `offset` on over one connection at a time. */
  async *read(first: BlobBody, offset: number): AsyncGenerator<Uint8Array> {
    let position = offset;
    for (let opened = first; ; opened = await this.open({ offset: position })) {
      const begunAt = position;
      try {
        let skipBytes = position - opened.startsAt;
        for await (const piece of opened.body) {
          const rest: Uint8Array = skipBytes === 0 ? piece : piece.subarray(Math.min(skipBytes, piece.byteLength));
          skipBytes -= piece.byteLength - rest.byteLength;
          if (rest.byteLength === 0) continue;
          position += rest.byteLength;
          this.#endurance.moved();
          yield rest;
        }
        const isPart = opened.endsAt !== undefined && position < this.#options.blob.size;
        if (!isPart) return;
        if (position === begunAt) throw new Failure('connection_lost', 'blob read: the answer to a range was empty');
      } catch (error) {
        const replaced = findReplacedCause(error);
        if (replaced !== undefined) this.#options.onReplaced?.(replaced);
        await this.#endurance.endure(error);
      }
    }
  }

  /** The same over several connections where that helps; over one again where ranges turn out not to be what they should. */
  async *readStriped(
    first: BlobBody,
    known: { readonly aside: BlobAside; readonly answerMs: number; readonly clock: Clock },
  ): AsyncGenerator<Uint8Array> {
    const { blob, budget } = this.#options;
    let position = first.startsAt;
    const striped = new StripedReading(position, {
      ...known,
      digest: blob.digest,
      sizeBytes: blob.size,
      open: (range, signal) => this.#openOnce(range, signal),
      endurance: this.#endurance,
      budget: first.isLongPath ? budget : null,
      signal: this.#signal,
      onReplaced: (cause) => this.#options.onReplaced?.(cause),
    });
    try {
      for await (const piece of striped.read(first)) {
        position += piece.byteLength;
        yield piece;
      }
      return;
    } catch (error) {
      if (!(error instanceof RangesUnusable)) throw error;
    }
    yield* this.read(await this.open({ offset: 0 }), position);
  }

  async #openOnce(wanted: WantedRange, signal: AbortSignal): Promise<BlobBody> {
    const { origin, blob } = this.#options;
    const opened = await origin.openBlob(blob.digest, wanted, signal);
    if (opened !== undefined) return opened;
    throw new Failure('content_missing', `reading blob ${blob.digest} from ${origin.label}: it does not have it`, {
      side: 'source',
      step: 'blob read',
    });
  }
}
