import type { LegStage } from '../estimate/leg-forecast.ts';
import type { PathRun } from '../estimate/path-run.ts';

/** When one attempt of a leg came how far, by a clock that does not go back. */
export class LegRun {
  readonly #elapsedMs: () => number;
  readonly #beganAt: number;
  #movingAt: number | undefined;
  #verifyingAt: number | undefined;
  #bytesMoved = 0;

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
    this.#beganAt = elapsedMs();
  }

  get bytesMoved(): number {
    return this.#bytesMoved;
  }

  get phase(): LegStage['phase'] {
    if (this.#verifyingAt !== undefined) return 'verifying';
    return this.#movingAt === undefined ? 'planning' : 'moving';
  }

  /** Answers whether these are the first bytes of the attempt. */
  moved(bytes: number): boolean {
    this.#bytesMoved += bytes;
    if (this.#movingAt !== undefined) return false;
    this.#movingAt = this.#elapsedMs();
    return true;
  }

  verifying(): void {
    this.#verifyingAt ??= this.#elapsedMs();
  }

  /** How it went, now that it is placed. */
  finished(at: number): PathRun {
    const placedAt = this.#elapsedMs();
    const verifyingAt = this.#verifyingAt ?? placedAt;
    const movingAt = this.#movingAt ?? verifyingAt;
    const ms = (from: number, to: number) => Math.round(to - from);
    return {
      at,
      bytes: this.#bytesMoved,
      headMs: ms(this.#beganAt, movingAt),
      moveMs: ms(movingAt, verifyingAt),
      tailMs: ms(verifyingAt, placedAt),
    };
  }
}
