/** Together with the first connections of some blobs, what one source's pool of connections holds. */
export const EXTRA_STRIPES = 12;

/**
 * Connections beyond the first of each blob, shared by all blobs that land at the same time: each buffers bytes of its
 * own, and a source must not be drowned in requests.
 */
export class StripeBudget {
  #left: number;

  constructor(connections: number) {
    this.#left = connections;
  }

  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }

  giveBack(): void {
    this.#left += 1;
  }
}
