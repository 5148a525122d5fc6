/** One connection that carries an upload, as it is this instant. */
export type Sibling = {
  /** The connection, so that the same one is known again. */
  readonly connection: object;
  /** What it carries now. */
  readonly exchange: object;
  /** What the far side has acknowledged since the connection began. */
  readonly acknowledgedBytes: number;
  /** Is there something on its way, so that we wait for the far side and not for what is to be sent? */
  readonly isHeldUp: boolean;
  /** Gives the connection up; what it carries goes on over another. */
  replace(): void;
};

type Look = { readonly atMs: number; readonly sibling: Sibling };

/** How far below the middle one of the others a connection must be: twice as slow is chance, so much is not. */
const FAR_BELOW = 8;
/** After a replacement none follows for so many windows: the path itself may have become slow. */
const REST_WINDOWS = 4;

export const SIBLING_WINDOW_MS = 8_000;

/**
 * Finds the connection that moves far less than its siblings: same registry, same direction, over a window in which it
 * always had something to send. A path may drop every other packet of one flow and none of the next (a link aggregate, a
 * hash over several routes), and such a flow would hold its blob up while the others are long done.
 */
export class SiblingWatch {
  readonly #windowMs: number;
  readonly #nowMs: () => number;
  readonly #looks = new Map<object, Look[]>();
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number, nowMs: () => number) {
    this.#windowMs = windowMs;
    this.#nowMs = nowMs;
  }

  /** To be called about eight times a window, with all connections that carry uploads. */
  look(siblings: readonly Sibling[]): void {
    const atMs = this.#nowMs();
    const present = new Set(siblings.map(({ connection }) => connection));
    for (const connection of this.#looks.keys()) if (!present.has(connection)) this.#looks.delete(connection);
    for (const sibling of siblings) {
      const looks = this.#looks.get(sibling.connection) ?? [];
      looks.push({ atMs, sibling });
      // One look before the window stays, so that the window is covered.
      while (looks[1] !== undefined && looks[1].atMs <= atMs - this.#windowMs) looks.shift();
      this.#looks.set(sibling.connection, looks);
    }
    if (atMs < this.#restUntilMs) return;
    const slow = this.#findFarBelow(atMs);
    if (slow === undefined) return;
    this.#restUntilMs = atMs + REST_WINDOWS * this.#windowMs;
    this.#looks.delete(slow.connection);
    slow.replace();
  }

  #findFarBelow(atMs: number): Sibling | undefined {
    const covered = [...this.#looks.values()].filter(([first]) => (first?.atMs ?? atMs) <= atMs - this.#windowMs);
    for (const looks of covered) {
      const last = looks.at(-1)?.sibling;
      const isJudged =
        last !== undefined && looks.every(({ sibling }) => sibling.isHeldUp && sibling.exchange === last.exchange);
      if (!isJudged) continue;
      const others = covered.filter((each) => each !== looks).map(rateOf);
      const middle = others.sort((a, b) => a - b)[Math.floor((others.length - 1) / 2)];
      if (middle !== undefined && rateOf(looks) < middle / FAR_BELOW) return last;
    }
    return undefined;
  }
}

/** Acknowledged bytes per millisecond, between the first look and the last. */
function rateOf(looks: readonly Look[]): number {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  return (last.sibling.acknowledgedBytes - first.sibling.acknowledgedBytes) / (last.atMs - first.atMs);
}
