import { toFailure } from '../../kernel/failure.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import type { CopyTarget } from '../copy/copy-target.ts';
import type { UploadJournalEntry } from './push-store.ts';
import type { SyncContext } from './sync-context.ts';

const LOOK_EVERY_MS = 60_000;
/** So many a look: what was left by a day on which a registry was out of reach is given back over some minutes. */
const UPLOADS_A_LOOK = 500;
/** Registries keep idle upload sessions for days at most (distribution's purge: 7 days): one that never answers is not asked longer. */
const SESSION_KEPT_MS = 7 * 24 * 60 * 60_000;

type Outcome = 'given back' | 'taken up' | 'no answer';

export type UploadSweeperOptions = {
  readonly context: Pick<SyncContext, 'world' | 'journal' | 'directory' | 'clock' | 'log'>;
  /** Is somebody other than a copy (which is known by `CopyTarget.crossing`) at work with this upload now? */
  readonly isInUse: (upload: UploadJournalEntry) => boolean;
};

/**
 * Gives back uploads that were interrupted and that no push takes up again: blobs that crossed early for a push which
 * then went elsewhere or never came, legs that failed for good, measurements of a service that was killed. The registry
 * is told to forget the session, then the journal forgets it too. They are kept for a while before: a push that comes
 * in time goes on with them.
 */
export class UploadSweeper {
  readonly #options: UploadSweeperOptions;
  readonly #stop = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: UploadSweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#sweeping = this.#keepSweeping();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
  }

  async #keepSweeping(): Promise<void> {
    const { clock, log, world } = this.#options.context;
    const { signal } = this.#stop;
    const everyMs = Math.min(LOOK_EVERY_MS, world.retention.uploadsMs);
    while (!signal.aborted) {
      await this.#sweep().catch((error: unknown) => {
        if (!signal.aborted) log.error({ event: 'giving back uploads failed', error: toFailure(error).message });
      });
      await clock.sleep(everyMs, signal).catch(() => {});
    }
  }

  async #sweep(): Promise<void> {
    const { journal, clock, world } = this.#options.context;
    const toMs = clock.nowMs();
    const left = await journal.unneeded({ fromMs: toMs - world.retention.uploadsMs, toMs }, UPLOADS_A_LOOK);
    const byRegistry = Map.groupBy(
      left.filter((upload) => !this.#options.isInUse(upload)),
      ({ registry }) => registry,
    );
    await Promise.all([...byRegistry.values()].map((uploads) => this.#giveBackAll(uploads)));
  }

  /** Those of one registry, one after the other, until it does not answer. */
  async #giveBackAll(uploads: readonly UploadJournalEntry[]): Promise<void> {
    const { clock, log } = this.#options.context;
    for (const upload of uploads) {
      this.#stop.signal.throwIfAborted();
      const outcome = await this.#giveBack(upload);
      const { registry, repository, digest } = upload;
      if (outcome === 'taken up') continue;
      if (outcome === 'given back') log.info({ event: 'upload given back', registry, repository, digest });
      else if (clock.nowMs() - upload.updatedAt > SESSION_KEPT_MS) await this.#forget(upload);
      else return;
    }
  }

  async #giveBack(upload: UploadJournalEntry): Promise<Outcome> {
    const target = this.#options.context.directory.registry(upload.registry)?.target;
    // Nobody knows the way to a registry that is not configured any more.
    if (target === undefined) {
      await this.#forget(upload);
      return 'given back';
    }
    // Whoever sends the blob now has taken the upload up, or will see to it.
    if (target.crossing.has(upload.digest)) return 'taken up';
    const cancelling = this.#cancel(upload, target);
    const over = cancelling.then(() => Promise.reject(new Error('nothing was sent')));
    over.catch(() => {});
    // A copy that needs the blob meanwhile waits, and then begins with a session of its own.
    target.crossing.set(upload.digest, over);
    try {
      return await cancelling;
    } finally {
      target.crossing.delete(upload.digest);
    }
  }

  async #cancel(listed: UploadJournalEntry, { client }: CopyTarget): Promise<Outcome> {
    const { journal } = this.#options.context;
    const { registry, repository, digest } = listed;
    const upload = await journal.find(registry, repository, digest);
    if (upload === undefined || upload.updatedAt !== listed.updatedAt) return 'taken up';
    const session = { location: upload.location, minChunkBytes: 0, repository: parseRepositoryName(repository) };
    const isAnswered = await client.cancelUpload(session, { signal: this.#stop.signal });
    if (!isAnswered) return 'no answer';
    // Last, so that a service that is killed in between knows of the session.
    await this.#forget(upload);
    return 'given back';
  }

  #forget({ registry, repository, digest }: UploadJournalEntry): Promise<void> {
    return this.#options.context.journal.remove(registry, repository, digest);
  }
}
