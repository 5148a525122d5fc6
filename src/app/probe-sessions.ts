import type { Clock } from '../kernel/clock.ts';
import { digestOf } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { RegistryClient, UploadSession } from '../registry/registry-client.ts';
import type { UploadJournal, UploadJournalEntry } from '../sync/push/push-store.ts';

/** A connection that broke is replaced at once; a registry that is out of reach stays so for longer than we wait. */
const CANCEL_ATTEMPTS = 3;

/**
 * Remembers the upload sessions of measurements, so that one whose service was killed gives back at the next sample
 * what it had opened: nobody goes on with a measurement's session, it would only lie at the registry until that tires
 * of it. A sample that was cut off is taken again after the restart, so the next one always comes.
 */
export class ProbeSessions {
  readonly #journal: UploadJournal;
  readonly #clock: Clock;
  /** Sessions of this run, by address; all others that are noted are of earlier ones. */
  readonly #own = new Set<string>();

  constructor(journal: UploadJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Is this the session of a measurement under way? */
  isOwn({ location }: Pick<UploadJournalEntry, 'location'>): boolean {
    return this.#own.has(location);
  }

  /** A client that notes each session from its opening to its end. */
  noted(registry: string, client: RegistryClient): RegistryClient {
    /** By where a session goes on: the address under which it is noted. */
    const noted = new Map<string, string>();
    const end = async ({ location, repository }: UploadSession): Promise<void> => {
      const address = noted.get(location);
      noted.delete(location);
      if (address === undefined || repository === undefined) return;
      await this.#journal.remove(registry, repository, digestOf(Buffer.from(address)));
      this.#own.delete(address);
    };
    return {
      ...client,
      startUpload: async (repository, options) => {
        await this.#giveBack(registry, repository, client);
        const answer = await client.startUpload(repository, options);
        if (answer.kind === 'mounted') return answer;
        const { location } = answer.session;
        noted.set(location, location);
        await this.#note(registry, repository, location);
        return answer;
      },
      sendChunk: async (session, chunk, options) => {
        const progress = await client.sendChunk(session, chunk, options);
        const address = noted.get(session.location);
        if (address !== undefined) noted.delete(session.location);
        if (address !== undefined) noted.set(progress.session.location, address);
        return progress;
      },
      finishUpload: async (session, digest, last, options) => {
        await client.finishUpload(session, digest, last, options);
        await end(session);
      },
      cancelUpload: async (session, options) => {
        let isAnswered = false;
        for (let attempt = 1; !isAnswered && attempt <= CANCEL_ATTEMPTS; attempt += 1)
          isAnswered = await client.cancelUpload(session, options);
        // Else the next sample gives it back.
        if (isAnswered) await end(session);
        else this.#own.delete(noted.get(session.location) ?? '');
        return isAnswered;
      },
    };
  }

  async #note(registry: string, repository: RepositoryName, location: string): Promise<void> {
    this.#own.add(location);
    const digest = digestOf(Buffer.from(location));
    const stands = { location, offset: 0, sentUpTo: 0, updatedAt: this.#clock.nowMs() };
    await this.#journal.save({ registry, repository, digest, ...stands });
  }

  async #giveBack(registry: string, repository: RepositoryName, client: RegistryClient): Promise<void> {
    for (const { location, digest } of await this.#journal.list(registry, repository)) {
      if (this.#own.has(location)) continue;
      const isAnswered = await client.cancelUpload({ location, minChunkBytes: 0, repository });
      if (isAnswered) await this.#journal.remove(registry, repository, digest);
    }
  }
}
