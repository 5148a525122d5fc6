import { isFailure } from '../kernel/failure.ts';
import type { PullHolder } from './pull-holder.ts';

/** Long enough for whoever pulls an image to get the rest of it elsewhere, short enough to come back soon. */
const LAST_FOR_MS = 30_000;

/**
 * Holders that failed a moment ago: a registry that hangs costs each request that asks it the whole time until it is given
 * up, and one that gave wrong bytes would give them again. For a while they are asked after all others.
 */
export class TroubledHolders {
  readonly #nowMs: () => number;
  readonly #untilMs = new Map<string, number>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** That something is not there is no trouble of who says so. */
  note({ registry }: PullHolder, error: unknown): void {
    if (isFailure(error, 'content_missing')) return;
    this.#untilMs.set(registry, this.#nowMs() + LAST_FOR_MS);
  }

  inOrder(holders: readonly PullHolder[]): readonly PullHolder[] {
    if (this.#untilMs.size === 0) return holders;
    const isTroubled = ({ registry }: PullHolder) => (this.#untilMs.get(registry) ?? 0) > this.#nowMs();
    return [...holders.filter((holder) => !isTroubled(holder)), ...holders.filter(isTroubled)];
  }
}
