/**
 * How many connections read blobs in stripes at the same time, over all blobs that land: each buffers bytes of its own,
 * and a source must not be drowned in requests. Every blob has one in any case.
 */
export class StripeBudget {
  /** Connections that one blob can have at most. */
  readonly most: number;
  #left: number;

  constructor(connections: number) {
    this.most = connections;
    this.#left = connections;
  }

  /** A blob's first connection. */
  enter(): void {
    this.#left -= 1;
  }

  /** One more; false where there is none left. */
  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }

  giveBack(): void {
    this.#left += 1;
  }
}
