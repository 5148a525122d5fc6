import type { Digest } from '../../oci/digest.ts';

/** How long a blob waits for the manifest that names it: a build that pushes layer by layer may take hours. */
export const HOLD_MS = 6 * 60 * 60 * 1_000;

/** How long it is held on once a push has it: another client may have been told of it meanwhile. */
export const AFTER_PUSH_MS = 10 * 60 * 1_000;

/** Blobs that clients have been told are here and that no push has pinned yet. */
export class DoorHolds {
  /** When a client was last told, and since when a push has it. */
  readonly #told = new Map<Digest, { at: number; holdMs: number }>();
  readonly #nowMs: () => number;

  /** A steady clock: what a wall clock says may jump over all holds at once. */
  constructor(elapsedMs: () => number) {
    this.#nowMs = elapsedMs;
  }

  /** `agoMs` is for what an earlier run told. */
  hold(digest: Digest, agoMs = 0): void {
    const at = this.#nowMs() - agoMs;
    if (at >= (this.#told.get(digest)?.at ?? Number.NEGATIVE_INFINITY)) this.#told.set(digest, { at, holdMs: HOLD_MS });
  }

  /** A push has pinned them. */
  release(digests: Iterable<Digest>): void {
    for (const digest of digests) {
      const told = this.#told.get(digest);
      if (told !== undefined) told.holdMs = AFTER_PUSH_MS;
    }
  }

  digests(): readonly Digest[] {
    const nowMs = this.#nowMs();
    for (const [digest, { at, holdMs }] of this.#told) if (at + holdMs <= nowMs) this.#told.delete(digest);
    return [...this.#told.keys()];
  }
}
