import type { CopyProgress } from '../copy/copy-progress.ts';
import type { TransferCounters, TransferRecord } from './push-record.ts';
import { RateMeter } from './rate-meter.ts';

/** How one leg stands while it runs: what the record said when the attempt began, and all since. */
export class LegProgress implements CopyProgress {
  readonly #meter: RateMeter;
  readonly #isFirstPlan: boolean;
  readonly #onChange: () => void;
  readonly #onVerifying: () => void;
  #counters: TransferCounters;

  constructor(
    leg: TransferRecord,
    options: { elapsedMs: () => number; onChange: () => void; onVerifying: () => void },
  ) {
    this.#meter = new RateMeter(options.elapsedMs);
    this.#onChange = options.onChange;
    this.#onVerifying = options.onVerifying;
    // What an earlier attempt has sent is present now; it was not saved.
    this.#isFirstPlan = leg.blobsTotal === 0;
    const { blobsTotal, bytesTotal, bytesSent, bytesSavedPresent, bytesSavedMounted, bytesResent, blobsRestarted } =
      leg;
    this.#counters = {
      blobsTotal,
      blobsDone: 0,
      bytesTotal,
      bytesSent,
      bytesSavedPresent,
      bytesSavedMounted,
      bytesResent,
      blobsRestarted,
    };
  }

  get counters(): TransferCounters {
    return this.#counters;
  }

  get rate(): number | null {
    return this.#meter.bytesPerSecond();
  }

  planned(total: { blobs: number; bytes: number }): void {
    this.#change({ blobsTotal: total.blobs, bytesTotal: total.bytes });
  }

  done(how: 'present' | 'mounted' | 'moved', bytes: number): void {
    const { blobsDone, bytesSavedPresent, bytesSavedMounted } = this.#counters;
    this.#change({
      blobsDone: blobsDone + 1,
      bytesSavedPresent: bytesSavedPresent + (how === 'present' && this.#isFirstPlan ? bytes : 0),
      bytesSavedMounted: bytesSavedMounted + (how === 'mounted' ? bytes : 0),
    });
  }

  sent(bytes: number, again: number): void {
    this.#meter.add(bytes);
    this.#change({ bytesSent: this.#counters.bytesSent + bytes, bytesResent: this.#counters.bytesResent + again });
  }

  restarted(): void {
    this.#change({ blobsRestarted: this.#counters.blobsRestarted + 1 });
  }

  verifying(): void {
    this.#onVerifying();
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
