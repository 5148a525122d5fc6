/** What work may do with its place. */
export type Place = {
  /** Leaves the place to somebody who is owed one, and waits for another; nothing where nobody is. */
  giveWay(): Promise<void>;
  /** Waits for something without keeping the place meanwhile. */
  leaveFor<T>(wait: () => Promise<T>): Promise<T>;
};

type Waiting = { readonly owner: object; readonly proceed: () => void };

/**
 * A number of places that work may take. A free one goes to the owner who has the fewest, and among these to the one
 * whose last turn is longest ago: an image of many blobs keeps no other from its share. Each owner's blobs go in the
 * order in which they were asked for. Who has a place gives way between two chunks to an owner who has none, or far
 * fewer, so that a small image need not wait for the end of a large blob. Bounds the connections that move blobs to one
 * registry over all its transfers.
 */
export class Slots {
  #size: number;
  readonly #waiting: Waiting[] = [];
  readonly #taken = new Map<object, number>();
  /** When each owner last got a place, in turns. */
  readonly #served = new WeakMap<object, number>();
  #turn = 0;
  #inUse = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Are all places taken, and does somebody wait for one? */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Runs `work` in a place of its own, waiting for one; an abort while waiting gives the turn to the next. */
  async run<T>(work: (place: Place) => Promise<T>, signal: AbortSignal, owner: object): Promise<T> {
    await this.#take(signal, owner);
    let isInside = true;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      this.#count(owner, -1);
      this.#admit();
    };
    const comeBack = async () => {
      await this.#take(signal, owner, 'goes on');
      isInside = true;
    };
    const giveWay = async () => {
      if (!this.#isOwed(owner)) return;
      leave();
      await comeBack();
    };
    const leaveFor = async <W>(wait: () => Promise<W>) => {
      leave();
      const value = await wait();
      await comeBack();
      return value;
    };
    try {
      return await work({ giveWay, leaveFor });
    } finally {
      leave();
    }
  }

  /** More places are taken at once by who waits; with fewer, those who are inside finish and the next wait longer. */
  resize(size: number): void {
    this.#size = size;
    this.#admit();
  }

  #admit(): void {
    while (this.#inUse < this.#size && this.#waiting.length > 0) {
      let next: Waiting | undefined;
      for (const each of this.#waiting) if (next === undefined || this.#isBefore(each.owner, next.owner)) next = each;
      if (next === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.proceed();
    }
  }

  /** Does another owner wait who has no place, or would not have more than `owner` with one of its? */
  #isOwed(owner: object): boolean {
    const own = this.#placesOf(owner);
    return this.#waiting.some((each) => {
      const theirs = this.#placesOf(each.owner);
      return each.owner !== owner && (theirs === 0 || theirs + 1 < own);
    });
  }

  #isBefore(one: object, other: object): boolean {
    const more = this.#placesOf(one) - this.#placesOf(other);
    return more < 0 || (more === 0 && (this.#served.get(one) ?? 0) < (this.#served.get(other) ?? 0));
  }

  #placesOf(owner: object): number {
    return this.#taken.get(owner) ?? 0;
  }

  #count(owner: object, change: 1 | -1): void {
    const places = this.#placesOf(owner) + change;
    if (places === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, places);
    this.#inUse += change;
    if (change < 0) return;
    this.#turn += 1;
    this.#served.set(owner, this.#turn);
  }

  #take(signal: AbortSignal, owner: object, how: 'begins' | 'goes on' = 'begins'): Promise<void> {
    signal.throwIfAborted();
    if (this.#inUse < this.#size && this.#waiting.length === 0) {
      this.#count(owner, 1);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiting = {
        owner,
        proceed: () => {
          signal.removeEventListener('abort', giveUp);
          this.#count(owner, 1);
          resolve();
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      // What was begun is finished before the owner's next.
      if (how === 'begins') this.#waiting.push(waiting);
      else this.#waiting.unshift(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
