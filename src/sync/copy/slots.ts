/**
 * A number of places that work may take, shared fairly: whoever waits longest is next. Bounds the connections that
 * move blobs to one registry over all its transfers.
 */
export class Slots {
  #size: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Are all places taken, and does somebody wait for one? */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Runs `work` in a place of its own, waiting for one; an abort while waiting gives the turn to the next. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#taken -= 1;
      this.#admit();
    }
  }

  /** More places are taken at once by who waits; with fewer, those who are inside finish and the next wait longer. */
  resize(size: number): void {
    this.#size = size;
    this.#admit();
  }

  #admit(): void {
    while (this.#taken < this.#size && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', giveUp);
        this.#taken += 1;
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(proceed), 1);
        reject(signal.reason);
      };
      this.#waiting.push(proceed);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
