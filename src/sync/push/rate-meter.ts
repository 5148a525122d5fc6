const WINDOW_MS = 5_000;
const STEP_MS = 250;

/** Bytes per second over the last five seconds, kept in steps of a quarter of a second. */
export class RateMeter {
  readonly #elapsedMs: () => number;
  readonly #steps: { at: number; bytes: number }[] = [];
  readonly #startedAt: number;

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
    this.#startedAt = elapsedMs();
  }

  add(bytes: number): void {
    const at = Math.floor(this.#elapsedMs() / STEP_MS) * STEP_MS;
    const last = this.#steps.at(-1);
    if (last?.at === at) last.bytes += bytes;
    else this.#steps.push({ at, bytes });
    this.#forget();
  }

  /** Null when nothing has moved lately. */
  bytesPerSecond(): number | null {
    this.#forget();
    const bytes = this.#steps.reduce((sum, step) => sum + step.bytes, 0);
    if (bytes === 0) return null;
    const spanMs = Math.min(WINDOW_MS, Math.max(this.#elapsedMs() - this.#startedAt, STEP_MS));
    return Math.round((bytes / spanMs) * 1_000);
  }

  #forget(): void {
    const oldest = this.#elapsedMs() - WINDOW_MS;
    while (this.#steps[0] !== undefined && this.#steps[0].at < oldest) this.#steps.shift();
  }
}
