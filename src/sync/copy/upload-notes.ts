import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadSession } from '../../registry/registry-client.ts';
import type { UploadJournal, UploadJournalEntry } from '../push/push-store.ts';

/** The journal is written at most this often per blob: a registry that lost less than this much of its own is asked anyway. */
const NOTE_EVERY_MS = 250;

export type NotedUpload = {
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly journal: UploadJournal;
  readonly nowMs: () => number;
};

/** What the journal knows of one upload, written as often as it is worth. */
export class UploadNotes {
  readonly #upload: NotedUpload;
  #digest: Digest;
  #isProvisional: boolean;
  #notedAtMs = Number.NEGATIVE_INFINITY;

  /** `isProvisional`: the digest only stands in for one that is not known yet. */
  constructor(upload: NotedUpload, digest: Digest, isProvisional = false) {
    this.#upload = upload;
    this.#digest = digest;
    this.#isProvisional = isProvisional;
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
    const { journal, registry, repository } = this.#upload;
    return journal.find(registry, repository, this.#digest);
  }

  /** It is known now which blob the upload is of. */
  async isOf(digest: Digest): Promise<void> {
    if (!this.#isProvisional) return;
    const { journal, registry, repository } = this.#upload;
    await journal.rename(registry, repository, this.#digest, digest);
    this.#digest = digest;
    this.#isProvisional = false;
  }

  async save({ location }: UploadSession, offset: number, sentUpTo: number): Promise<void> {
    const { journal, registry, repository, nowMs } = this.#upload;
    this.#notedAtMs = performance.now();
    const updatedAt = nowMs();
    await journal.save({ registry, repository, digest: this.#digest, location, offset, sentUpTo, updatedAt });
  }

  remove(): Promise<void> {
    const { journal, registry, repository } = this.#upload;
    return journal.remove(registry, repository, this.#digest);
  }
}
