import { Failure, isFailure } from '../../kernel/failure.ts';
import { FAILURE_CODES } from '../../kernel/failure-codes.ts';
import { isPatient, type Pause, pauseBefore } from './pause-before.ts';

/** How often in a row a source may fail or break off without giving a single byte. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/** Bears with a source that fails, as long as there is hope. */
export class Endurance {
  readonly #pause: Pause;
  readonly #signal: AbortSignal;
  #fruitless = 0;

  constructor(pause: Pause, signal: AbortSignal) {
    this.#pause = pause;
    this.#signal = signal;
  }

  /** Bytes have come. */
  moved(): void {
    this.#fruitless = 0;
  }

  /** Waits before the next try, or throws where there should be none: what an operator has to mend lasts longer than we wait. */
  async endure(error: unknown): Promise<void> {
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
