import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** Clients try again within seconds to minutes. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

type Finished = { readonly repository: RepositoryName; readonly digest: Digest; readonly atMs: number };

/**
 * Sessions that became blobs a while ago: a client whose answer to the closing PUT was lost asks the same again, and what
 * it wants is there. Only memory: who asks a process that was started meanwhile finds the blob by asking for it.
 */
export class FinishedUploads {
  readonly #nowMs: () => number;
  /** By session, the longest ago first. */
  readonly #finished = new Map<string, Finished>();

  readonly #startedMs: number;
  /** Sessions that began while an earlier process's may still be asked for. */
  readonly #own = new Set<string>();

  constructor(elapsedMs: () => number = () => performance.now()) {
    this.#nowMs = elapsedMs;
    this.#startedMs = elapsedMs();
  }

  noteBegun(id: string): void {
    if (this.#isAfterStart() && this.#own.size < MAX_REMEMBERED) this.#own.add(id);
  }

  note(id: string, repository: RepositoryName, digest: Digest): void {
    const atMs = this.#nowMs();
    this.#finished.set(id, { repository, digest, atMs });
    for (const [oldest, finished] of this.#finished) {
      if (this.#finished.size <= MAX_REMEMBERED && atMs - finished.atMs <= REMEMBERED_MS) break;
      this.#finished.delete(oldest);
    }
  }

  /** Did the session become this blob of this repository, not long ago? */
  has(id: string, repository: RepositoryName, digest: Digest): boolean {
    const found = this.#finished.get(id);
    if (found === undefined || this.#nowMs() - found.atMs > REMEMBERED_MS) return false;
    return found.repository === repository && found.digest === digest;
  }

  /** Can it be one that an earlier process finished and was ended before it could say so? */
  mayBeOfEarlierProcess(id: string): boolean {
    return this.#isAfterStart() && !this.#own.has(id) && !this.#finished.has(id);
  }

  #isAfterStart(): boolean {
    const isAfterStart = this.#nowMs() - this.#startedMs <= REMEMBERED_MS;
    if (!isAfterStart) this.#own.clear();
    return isAfterStart;
  }
}
