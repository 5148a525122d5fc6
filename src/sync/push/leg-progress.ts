import type { Digest } from '../../oci/digest.ts';
import type { CopyProgress } from '../copy/copy-progress.ts';
import type { LegStage } from '../estimate/leg-forecast.ts';
import type { SentBytes } from './early-bytes.ts';
import { LegRun } from './leg-run.ts';
import type { TransferCounters, TransferRecord } from './push-record.ts';
import { RateMeter } from './rate-meter.ts';

/** A connection that was given up. */
export type Replaced = { readonly direction: 'upload' | 'download'; readonly cause: 'stalled' | 'slow' };

/** How one leg stands while it runs: what the record said when the attempt began, and all since. */
export class LegProgress implements CopyProgress {
  readonly run: LegRun;
  readonly #meter: RateMeter;
  readonly #isFirstPlan: boolean;
  readonly #isFirstAttempt: boolean;
  /** What the record counted as sent for the first time, mounted and there before. */
  readonly #counted: number;
  readonly #onChange: () => void;
  readonly #onVerifying: () => void;
  readonly #onMoving: () => void;
  readonly #onReplaced: (replaced: Replaced) => void;
  readonly #takeEarly: (digest: Digest) => SentBytes | undefined;
  #counters: TransferCounters;
  /** Bytes that are at the registry, as this attempt found them before it sent any. */
  #foundBytes = 0;
  /** Of these, such as the record does not know to have crossed. */
  #uncountedBytes = 0;

  constructor(
    leg: TransferRecord,
    options: {
      elapsedMs: () => number;
      onChange: () => void;
      onVerifying: () => void;
      /** It is known what has to move, and the first bytes of the attempt do. */
      onMoving?: () => void;
      onReplaced?: (replaced: Replaced) => void;
      /** What it cost to bring a blob there before there was this push; none without it. */
      takeEarly?: (digest: Digest) => SentBytes | undefined;
    },
  ) {
    this.run = new LegRun(options.elapsedMs);
    this.#meter = new RateMeter(options.elapsedMs);
    this.#onChange = options.onChange;
    this.#onVerifying = options.onVerifying;
    this.#onMoving = options.onMoving ?? (() => {});
    this.#onReplaced = options.onReplaced ?? (() => {});
    this.#takeEarly = options.takeEarly ?? (() => undefined);
    // What an earlier attempt has sent is present now; it was not saved.
    this.#isFirstPlan = leg.blobsTotal === 0;
    this.#isFirstAttempt = this.#isFirstPlan && leg.attempts <= 1;
    this.#counted = leg.bytesSent - leg.bytesResent + leg.bytesSavedPresent + leg.bytesSavedMounted;
    const { blobsTotal, bytesTotal, bytesSent, bytesSavedPresent, bytesSavedMounted, bytesResent, blobsRestarted } =
      leg;
    const { replacedStalled, replacedSlow } = leg;
    this.#counters = {
      blobsTotal,
      blobsDone: 0,
      bytesTotal,
      bytesSent,
      bytesSavedPresent,
      bytesSavedMounted,
      bytesResent,
      blobsRestarted,
      replacedStalled,
      replacedSlow,
    };
  }

  get counters(): TransferCounters {
    return this.#counters;
  }

  get rate(): number | null {
    return this.#meter.bytesPerSecond();
  }

  get stage(): LegStage {
    const { blobsTotal } = this.#counters;
    return {
      phase: this.run.phase,
      bytesToGo: blobsTotal === 0 ? null : bytesToGo(this.#counters),
      bytesMoved: this.run.bytesMoved,
    };
  }

  planned(total: { blobs: number; bytes: number }): void {
    this.#change({ blobsTotal: total.blobs, bytesTotal: total.bytes });
  }

  done(how: 'present' | 'shared' | 'mounted' | 'moved', bytes: number, digest: Digest): void {
    const isNews = how === 'shared' || (how === 'present' && this.#isFirstPlan);
    const early = isNews ? this.#takeEarly(digest) : undefined;
    if (early !== undefined) {
      const { bytesSent, bytesResent } = this.#counters;
      this.#change({ bytesSent: bytesSent + early.sent, bytesResent: bytesResent + early.again });
    }
    if (how === 'present' && !this.#isFirstPlan) this.#find(bytes);
    const { blobsDone, bytesSavedPresent, bytesSavedMounted } = this.#counters;
    const isSaved = isNews && early === undefined;
    this.#change({
      blobsDone: blobsDone + 1,
      bytesSavedPresent: bytesSavedPresent + (isSaved ? bytes : 0),
      bytesSavedMounted: bytesSavedMounted + (how === 'mounted' ? bytes : 0),
    });
  }

  sent(bytes: number, again: number): void {
    this.#meter.add(bytes);
    if (this.run.moved(bytes - again)) this.#onMoving();
    this.#change({ bytesSent: this.#counters.bytesSent + bytes, bytesResent: this.#counters.bytesResent + again });
  }

  restarted(): void {
    this.#change({ blobsRestarted: this.#counters.blobsRestarted + 1 });
  }

  replaced(direction: Replaced['direction'], cause: Replaced['cause']): void {
    const { replacedStalled, replacedSlow } = this.#counters;
    this.#change(cause === 'slow' ? { replacedSlow: replacedSlow + 1 } : { replacedStalled: replacedStalled + 1 });
    this.#onReplaced({ direction, cause });
  }

  /** An upload of nobody's memory in a first attempt is another push's: what it brought is saved. */
  resumed(bytes: number): void {
    if (this.#isFirstAttempt) this.#change({ bytesSavedPresent: this.#counters.bytesSavedPresent + bytes });
    else this.#find(bytes);
  }

  /** All of it is there, so what was neither counted as sent nor as mounted was there before, or was sent uncounted. */
  verifying(): void {
    this.#change(balance(this.#counters, this.#isFirstPlan ? 'bytesSavedPresent' : 'bytesSent'));
    this.run.verifying();
    this.#onVerifying();
  }

  /**
   * What is found at the registry and was neither mounted nor there before has crossed, whether or not it was counted:
   * a process that is killed takes the counts of its last moment with it.
   */
  #find(bytes: number): void {
    this.#foundBytes += bytes;
    const uncounted = Math.max(0, this.#foundBytes - this.#counted);
    const more = uncounted - this.#uncountedBytes;
    this.#uncountedBytes = uncounted;
    if (more > 0) this.#change({ bytesSent: this.#counters.bytesSent + more });
  }

  #change(patch: Partial<TransferCounters>): void {
    this.#counters = { ...this.#counters, ...patch };
    this.#onChange();
  }
}

/** Bytes that still have to move for a leg, by its counters. */
export function bytesToGo(counters: TransferCounters): number {
  const { bytesTotal, bytesSent, bytesResent, bytesSavedPresent, bytesSavedMounted } = counters;
  return Math.max(0, bytesTotal - (bytesSent - bytesResent) - bytesSavedPresent - bytesSavedMounted);
}

/**
 * Counters of which `bytesTotal` is the sum of what was sent once, mounted and present. They may not add up after the
 * process was killed: what moved in its last second was never counted, or is counted again as it is sent again.
 */
function balance(counters: TransferCounters, lacking: 'bytesSavedPresent' | 'bytesSent'): Partial<TransferCounters> {
  const { bytesTotal, bytesSent, bytesResent, bytesSavedPresent, bytesSavedMounted } = counters;
  const surplus = bytesSent - bytesResent + bytesSavedPresent + bytesSavedMounted - bytesTotal;
  if (surplus <= 0) return { [lacking]: counters[lacking] - surplus };
  const resent = Math.min(surplus, bytesSent - bytesResent);
  return { bytesResent: bytesResent + resent, bytesSavedPresent: bytesSavedPresent - (surplus - resent) };
}
