import { Failure } from '../kernel/failure.ts';
import type { Digest } from '../oci/digest.ts';
import type { Landing } from './landing.ts';

type Entry = { readonly landing: Landing; readonly interested: Set<AbortSignal> };

/** The landings under way, one a blob, each for as long as anybody is interested in it. */
export class RunningLandings {
  readonly #landings = new Map<Digest, Entry>();

  get size(): number {
    return this.#landings.size;
  }

  has(digest: Digest): boolean {
    return this.#landings.has(digest);
  }

  /** The landing of a blob, if there is one; the signal is interested in it from here on. */
  join(digest: Digest, sizeBytes: number, signal: AbortSignal): Landing | undefined {
    const running = this.#landings.get(digest);
    if (running === undefined) return undefined;
    const { landing } = running;
    if (landing.sizeBytes !== sizeBytes) {
      throw new Failure(
        'size_mismatch',
        `blob ${digest} is landing with ${landing.sizeBytes} bytes, its descriptor says ${sizeBytes}`,
        { side: 'source', step: 'blob read' },
      );
    }
    join(running, signal);
    return landing;
  }

  /** Keeps a landing that has begun, until it has ended. */
  add(digest: Digest, landing: Landing, signal: AbortSignal, onEnded: () => void): void {
    const entry: Entry = { landing, interested: new Set() };
    this.#landings.set(digest, entry);
    join(entry, signal);
    const finish = () => {
      this.#landings.delete(digest);
      onEnded();
    };
    landing.landed.then(finish, finish);
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    const landings = [...this.#landings.values()].map(({ landing }) => landing);
    for (const landing of landings) landing.abort();
    await Promise.allSettled(landings.map(({ landed }) => landed));
  }
}

/** Counts a signal as interested in a landing; when the last one aborts, the landing stops. */
function join({ landing, interested }: Entry, signal: AbortSignal): void {
  if (interested.has(signal)) return;
  interested.add(signal);
  const leave = () => {
    interested.delete(signal);
    if (interested.size === 0) landing.abort();
  };
  signal.addEventListener('abort', leave, { once: true });
  const forget = () => signal.removeEventListener('abort', leave);
  landing.landed.then(forget, forget);
}
