/**
 * A path whose connections are bounded by loss needs as many as its round trips are long (Mathis et al. 1997: the rate
 * of one falls with the round trip), so it begins with one for so many milliseconds, within bounds.
 */
const MS_PER_CONNECTION = 20;
const LEAST_FIRST = 4;
const MOST_FIRST = 12;

/** More connections must bring at least so much of what they would if each brought as much as those before. */
const WORTH_SHARE = 0.4;
/** Fewer may cost at most so much. */
const WORTH_FEWER = 0.95;

/** Measurements that a change is given to show itself, and between two trials once one has not helped. */
const SETTLING = 2;
const RESTING = 12;

/** Less than so much of what the same number once brought, as often in a row: the path is another one now. */
const SUNK = 0.7;
const SUNK_MEASUREMENTS = 3;

type Trial = { readonly way: 'more' | 'fewer'; readonly from: number };

/**
 * How many connections to read a blob over, found by trying. It begins as TCP does, with twice as many each time as long
 * as that brings more bytes per second, and does so again when the path has become slower; else, now and then, it tries
 * a quarter fewer or more, and goes on as long as fewer cost nothing or more bring something. Whoever fails makes it
 * fewer.
 */
export class StripeCount {
  readonly #most: number;
  #count: number;
  #trial: Trial | undefined;
  /** Bytes per second that this number brought. */
  #reference = 0;
  #wait = SETTLING - 1;
  #sunk = 0;
  #isDoubling = true;
  #next: Trial['way'] = 'fewer';

  /** `answerMs` is how long the source takes to answer; `most` bounds the number. */
  constructor(answerMs: number, most: number) {
    this.#most = Math.max(1, most);
    const first = Math.min(Math.max(Math.round(answerMs / MS_PER_CONNECTION), LEAST_FIRST), MOST_FIRST);
    this.#count = Math.min(first, this.#most);
  }

  get count(): number {
    return this.#count;
  }

  /** A measurement of all connections together, with as many as `count` says. */
  observe(bytesPerSecond: number): void {
    if (this.#trial === undefined && this.#hasSunk(bytesPerSecond)) {
      this.#isDoubling = true;
      this.#wait = 0;
    }
    if (this.#wait > 0) this.#wait -= 1;
    else if (this.#trial === undefined) {
      this.#reference = bytesPerSecond;
      this.#try(this.#isDoubling ? 'more' : this.#next);
    } else this.#judge(this.#trial, bytesPerSecond);
  }

  /** A connection was refused or lost. */
  failed(): void {
    this.#count = Math.max(1, this.#count - stepOf(this.#count));
    this.#reference = 0;
    this.#rest('fewer');
  }

  #judge({ way, from }: Trial, bytesPerSecond: number): void {
    const wanted = way === 'more' ? 1 + WORTH_SHARE * (this.#count / from - 1) : WORTH_FEWER;
    if (bytesPerSecond >= this.#reference * wanted) {
      this.#reference = way === 'more' ? bytesPerSecond : Math.max(this.#reference, bytesPerSecond);
      this.#try(way);
      return;
    }
    this.#count = from;
    this.#rest(way === 'more' ? 'fewer' : 'more');
  }

  #try(way: Trial['way']): void {
    const from = this.#count;
    const wanted = way === 'fewer' ? from - stepOf(from) : this.#isDoubling ? from * 2 : from + stepOf(from);
    const next = Math.min(Math.max(wanted, 1), this.#most);
    if (next === from) {
      this.#rest(way === 'more' ? 'fewer' : 'more');
      return;
    }
    this.#count = next;
    this.#trial = { way, from };
    this.#wait = SETTLING;
  }

  #rest(next: Trial['way']): void {
    this.#trial = undefined;
    this.#isDoubling = false;
    this.#next = next;
    this.#sunk = 0;
    this.#wait = RESTING;
  }

  #hasSunk(bytesPerSecond: number): boolean {
    this.#sunk = bytesPerSecond < this.#reference * SUNK ? this.#sunk + 1 : 0;
    return this.#sunk >= SUNK_MEASUREMENTS;
  }
}

function stepOf(count: number): number {
  return Math.max(1, Math.round(count / 4));
}
