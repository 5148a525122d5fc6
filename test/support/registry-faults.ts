/**
 * A fault in words. `afterBytes` counts the request's body where there is one, else the answer's.
 *
 * - `{ status, body?, contentType?, retryAfter?, headers? }` answers this instead of the registry
 * - `{ reset: true, afterBytes? }` resets the connection
 * - `{ stall: true, afterBytes? }` goes silent and keeps the connection open
 * - `{ truncate: n }` closes the connection after n bytes of the answer's body
 * - `{ corrupt: true | n }` flips a bit of the answer's first (or n-th) byte
 * - `{ trickleMs: n }` gives the answer's body at one byte every n ms
 * - `{ loseAnswer: true }` does the request, then resets the connection instead of answering
 * - `{ delayMs }` waits before anything is done; may stand beside any other
 */
export type Fault = {
  /** Only requests whose path and query match. */
  readonly path?: RegExp;
  /** How many requests it strikes; default 1. */
  readonly times?: number;
  /** How many matching requests go through first; default 0. */
  readonly skip?: number;
  readonly status?: number;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  /** Seconds, or an HTTP date. */
  readonly retryAfter?: number | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterBytes?: number;
  readonly reset?: boolean;
  readonly stall?: boolean;
  readonly truncate?: number;
  readonly corrupt?: boolean | number;
  readonly trickleMs?: number;
  readonly loseAnswer?: boolean;
  readonly delayMs?: number;
};

type Waiting = { readonly method: string; readonly fault: Fault; skip: number; matches: number; strikes: number };

/** A fault that met its request; `struck` is to be called when it has really happened. */
export type MatchedFault = Fault & { struck(): void };

/** Faults in the order they were asked for; each waits for requests of its method (`*` for any). */
export class FaultScript {
  readonly #waiting: Waiting[] = [];

  add(method: string, fault: Fault): void {
    const times = fault.times ?? 1;
    this.#waiting.push({ method, fault, skip: fault.skip ?? 0, matches: times, strikes: times });
  }

  take(method: string, path: string): MatchedFault | undefined {
    for (const waiting of this.#waiting) {
      const { fault } = waiting;
      if (waiting.matches === 0 || (waiting.method !== '*' && waiting.method !== method)) continue;
      if (fault.path !== undefined && !fault.path.test(path)) continue;
      if (waiting.skip > 0) {
        waiting.skip -= 1;
        continue;
      }
      waiting.matches -= 1;
      return {
        ...fault,
        struck: () => {
          waiting.strikes -= 1;
        },
      };
    }
    return undefined;
  }

  /** Faults that did not happen as often as they were asked for, in words. */
  findUnused(): string[] {
    return this.#waiting
      .filter(({ strikes }) => strikes > 0)
      .map(
        ({ method, fault, strikes }) =>
          `${method} ${JSON.stringify({ ...fault, path: fault.path?.source })} (${strikes} more)`,
      );
  }
}
