/** What may wait for one upload, so that writes are large, and for all of them together. */
const MOST_BYTES = 2 * 1024 * 1024;
const TOGETHER_BYTES = 8 * 1024 * 1024;

/** Less would be one piece of a socket at a time. */
const LEAST_BYTES = 64 * 1024;

/** The memory in which bytes of uploads wait for the write before theirs; the more uploads there are, the less each has. */
export class WaitingRoom {
  #uploads = 0;

  /** One upload more; call what is returned once it is over. */
  enter(): () => void {
    this.#uploads += 1;
    let isHere = true;
    return () => {
      if (isHere) this.#uploads -= 1;
      isHere = false;
    };
  }

  /** An upload with so many waiting bytes is paused. */
  get shareBytes(): number {
    return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, Math.floor(TOGETHER_BYTES / Math.max(1, this.#uploads))));
  }
}
