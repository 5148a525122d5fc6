/** How many connections one blob is read over on a long path: where it begins, and where it ends at the latest. */
const LEVELS = [1, 2, 4, 6, 9, 12] as const;
const FIRST_LEVEL = 3;

/** More connections must bring at least this; fewer may cost at most so much. */
const WORTH_MORE = 1.12;
const WORTH_FEWER = 0.95;

/** Measurements that a change is given to show itself, and between two trials once none has helped. */
const SETTLING = 1;
const RESTING = 12;

type Trial = 'more' | 'fewer' | undefined;

/**
 * How many connections to read a blob over, found by trying: one step more as long as that brings more bytes per
 * second, one step fewer as long as that costs none. Whoever fails makes it half as many.
 */
export class StripeCount {
  #level: number = FIRST_LEVEL;
  #trial: Trial;
  #reference = 0;
  #wait = SETTLING;
  #isFirst = true;

  get count(): number {
    return LEVELS[this.#level] ?? 1;
  }

  /** A measurement of all connections together, with as many as `count` says. */
  observe(bytesPerSecond: number): void {
    if (this.#wait > 0) {
      this.#wait -= 1;
      return;
    }
    if (this.#trial === undefined) {
      this.#reference = bytesPerSecond;
      this.#try(this.#isFirst || this.#level < FIRST_LEVEL ? 'more' : 'fewer');
      this.#isFirst = false;
      return;
    }
    const trial = this.#trial;
    const isWorthIt = bytesPerSecond >= this.#reference * (trial === 'more' ? WORTH_MORE : WORTH_FEWER);
    if (isWorthIt) {
      this.#reference = trial === 'more' ? bytesPerSecond : Math.max(this.#reference, bytesPerSecond);
      this.#try(trial);
      return;
    }
    this.#level += trial === 'more' ? -1 : 1;
    this.#rest();
  }

  /** A connection was refused or lost. */
  failed(): void {
    this.#level = Math.max(0, this.#level - 1);
    this.#rest();
  }

  #try(trial: 'more' | 'fewer'): void {
    const next = this.#level + (trial === 'more' ? 1 : -1);
    if (next < 0 || next >= LEVELS.length) {
      this.#rest();
      return;
    }
    this.#level = next;
    this.#trial = trial;
    this.#wait = SETTLING;
  }

  #rest(): void {
    this.#trial = undefined;
    this.#wait = RESTING;
  }
}
