import { Failure, isFailure } from '../../kernel/failure.ts';
import { FAILURE_CODES } from '../../kernel/failure-codes.ts';
import type { Digest } from '../../oci/digest.ts';
import type { OpenBlob } from './blob-depot.ts';
import type { BlobOrigin } from './blob-origin.ts';
import { isPatient, type Pause, pauseBefore } from './pause-before.ts';

/** How often in a row a source may fail or break off without giving a single byte. */
const MAX_FRUITLESS_ATTEMPTS = 5;

type Opened = Awaited<ReturnType<OpenBlob>>;

/**
 * Opens a blob of an origin so that an interruption is invisible: when the connection breaks off, the rest is asked
 * for from where it stopped. Gives up after several attempts in a row that brought nothing.
 */
export function resumingSource(origin: BlobOrigin, digest: Digest, pause: Pause): OpenBlob {
  return async (offset, signal) => {
    const reading = new ResumingReading(origin, digest, pause, signal);
    const first = await reading.open(offset);
    return { startsAt: first.startsAt, body: reading.read(first) };
  };
}

class ResumingReading {
  readonly #origin: BlobOrigin;
  readonly #digest: Digest;
  readonly #pause: Pause;
  readonly #signal: AbortSignal;
  #fruitless = 0;

  constructor(origin: BlobOrigin, digest: Digest, pause: Pause, signal: AbortSignal) {
    this.#origin = origin;
    this.#digest = digest;
    this.#pause = pause;
    this.#signal = signal;
  }

  async open(offset: number): Promise<Opened> {
    for (;;) {
      try {
        return await this.#openOnce(offset);
      } catch (error) {
        // A source that refuses ranges, or has given all of it before it broke off: from the front and skipping.
        if (offset > 0 && isFailure(error, 'range_refused')) return await this.open(0);
        await this.#endure(error);
      }
    }
  }

  async *read(first: Opened): AsyncGenerator<Uint8Array> {
    let position = first.startsAt;
    for (let opened = first; ; opened = await this.open(position)) {
      try {
        let skipBytes = position - opened.startsAt;
        for await (const piece of opened.body) {
          const rest: Uint8Array = skipBytes === 0 ? piece : piece.subarray(Math.min(skipBytes, piece.byteLength));
          skipBytes -= piece.byteLength - rest.byteLength;
          if (rest.byteLength === 0) continue;
          position += rest.byteLength;
          this.#fruitless = 0;
          yield rest;
        }
        return;
      } catch (error) {
        await this.#endure(error);
      }
    }
  }

  async #openOnce(offset: number): Promise<Opened> {
    const { label } = this.#origin;
    const opened = await this.#origin.openBlob(this.#digest, offset, this.#signal);
    if (opened !== undefined) return opened;
    throw new Failure('content_missing', `reading blob ${this.#digest} from ${label}: it does not have it`, {
      side: 'source',
      step: 'blob read',
    });
  }

  /** Waits before the next try, or throws where there should be none: what an operator has to mend lasts longer than we wait. */
  async #endure(error: unknown): Promise<void> {
    this.#fruitless += 1;
    if (
      !isFailure(error) ||
      !error.mayRetry ||
      !isPatient(error) ||
      FAILURE_CODES[error.code].fault === 'operator' ||
      this.#fruitless >= MAX_FRUITLESS_ATTEMPTS
    )
      // What ends a body in the middle does not know whose it was.
      throw error instanceof Failure ? error.with({ side: 'source', step: 'blob read' }) : error;
    await this.#pause(pauseBefore(this.#fruitless, error.details.retryAfterMs), this.#signal);
  }
}
