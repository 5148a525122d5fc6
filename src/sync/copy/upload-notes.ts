import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadSession } from '../../registry/registry-client.ts';
import type { UploadJournal, UploadJournalEntry } from '../push/push-store.ts';

/** The journal is written at most this often per blob: a registry that lost less than this much of its own is asked anyway. */
const NOTE_EVERY_MS = 250;

export type NotedUpload = {
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly journal: UploadJournal;
  readonly nowMs: () => number;
};

/** What the journal knows of one upload, written as often as it is worth. */
export class UploadNotes {
  readonly #upload: NotedUpload;
  #notedAtMs = Number.NEGATIVE_INFINITY;

  constructor(upload: NotedUpload) {
    this.#upload = upload;
  }

  /** Nothing is noted yet that would be true of the present session. */
  get areNone(): boolean {
    return this.#notedAtMs === Number.NEGATIVE_INFINITY;
  }

  get isDue(): boolean {
    return performance.now() - this.#notedAtMs >= NOTE_EVERY_MS;
  }

  /** The next note is due at once: what was noted is not true any more. */
  expire(): void {
    this.#notedAtMs = Number.NEGATIVE_INFINITY;
  }

  find(): Promise<UploadJournalEntry | undefined> {
    const { journal, registry, repository, digest } = this.#upload;
    return journal.find(registry, repository, digest);
  }

  async save(session: UploadSession, offset: number, sentUpTo: number): Promise<void> {
    const { journal, registry, repository, digest, nowMs } = this.#upload;
    this.#notedAtMs = performance.now();
    const { location } = session;
    await journal.save({ registry, repository, digest, location, offset, sentUpTo, updatedAt: nowMs() });
  }

  remove(): Promise<void> {
    const { journal, registry, repository, digest } = this.#upload;
    return journal.remove(registry, repository, digest);
  }
}
