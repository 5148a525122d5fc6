/** Enough to hide the round trip between the chunks of each; with one connection for questions four in all. */
const LONG_PATH_PLACES = 3;
/** One more connection is worth keeping when it brings this much more; the noise of a border link is about half of it. */
const WORTH_KEEPING = 1.1;
/** Measurements that a trial lasts, and that nothing is tried after one that brought nothing. */
const TRIAL = 2;
const REST = 12;
/** Measurements without a refusal after which a place is given back that was taken for one. */
const CALM = 6;

/** What was measured over one interval. */
export type Goodput = {
  readonly bytesPerSecond: number;
  /** Were all places taken, and was somebody waiting for one? Otherwise it says nothing of what more would bring. */
  readonly isWanted: boolean;
};

/** One more place than before, to see what it brings. */
type Trial = { readonly from: number; readonly bytesPerSecond: number; readonly seen: number[] };

/**
 * How many blobs may cross to one registry at the same time, each over a connection of its own: additive increase while
 * more brings more, multiplicative decrease when the registry refuses (429, 5xx) or more brought less.
 *
 * | path                      | begins with   | tries one more                                    |
 * |---------------------------|---------------|---------------------------------------------------|
 * | near                      | all it may    | –                                                 |
 * | long, a model of the path | at most three | never: three fill it, and more only lose more      |
 * | long, driven by loss      | at most three | while all are taken; keeps it for a tenth more     |
 *
 * BBR keeps a model of the path; with others, loss bounds each connection, so that more of them are faster.
 */
export class Parallelism {
  readonly #most: number;
  #isLongPath = false;
  #mayTry = false;
  #places: number;
  /** What refusals have left of it; given back one by one. */
  #refusedTo: number;
  /** Blobs that cross at once are refused at once, which is one refusal. */
  #isRefused = false;
  #calm = 0;
  #rest = 0;
  #before: number[] = [];
  #trial: Trial | undefined;

  constructor(most: number) {
    this.#most = most;
    this.#places = most;
    this.#refusedTo = most;
  }

  get places(): number {
    return Math.max(1, Math.min(this.#places, this.#refusedTo));
  }

  /** A new connection says what the path is like. */
  connected(path: { readonly isLongPath: boolean; readonly congestionControl: string | undefined }): void {
    this.#mayTry = path.isLongPath && path.congestionControl !== 'bbr';
    if (path.isLongPath === this.#isLongPath) return;
    this.#isLongPath = path.isLongPath;
    this.#places = path.isLongPath ? Math.min(this.#most, LONG_PATH_PLACES) : this.#most;
    this.#trial = undefined;
    this.#before = [];
  }

  /** The registry has refused for now: half of what it was asked at once. */
  refused(): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#refusedTo = Math.max(1, Math.floor(this.places / 2));
    this.#calm = 0;
    this.#trial = undefined;
  }

  measured({ bytesPerSecond, isWanted }: Goodput): void {
    this.#isRefused = false;
    this.#recover();
    if (!this.#mayTry || this.#refusedTo < this.#places) return;
    if (!isWanted) {
      this.#before = [];
      if (this.#trial !== undefined) this.#places = this.#trial.from;
      this.#trial = undefined;
    } else if (this.#trial === undefined) this.#perhapsTry(bytesPerSecond);
    else this.#judge(this.#trial, bytesPerSecond);
  }

  #perhapsTry(bytesPerSecond: number): void {
    this.#before = [...this.#before, bytesPerSecond].slice(-TRIAL);
    if (this.#rest > 0) {
      this.#rest -= 1;
      return;
    }
    if (this.#before.length < TRIAL || this.#places >= this.#most) return;
    this.#trial = { from: this.#places, bytesPerSecond: mean(this.#before), seen: [] };
    this.#places += 1;
  }

  #judge(trial: Trial, bytesPerSecond: number): void {
    trial.seen.push(bytesPerSecond);
    if (trial.seen.length < TRIAL) return;
    const gain = mean(trial.seen) / Math.max(trial.bytesPerSecond, 1);
    this.#trial = undefined;
    this.#before = [];
    if (gain >= WORTH_KEEPING) return;
    this.#rest = REST;
    this.#places = gain < 1 / WORTH_KEEPING ? Math.max(1, Math.floor(trial.from / 2)) : trial.from;
  }

  #recover(): void {
    if (this.#refusedTo >= this.#most) return;
    this.#calm += 1;
    if (this.#calm < CALM) return;
    this.#calm = 0;
    this.#refusedTo += 1;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
