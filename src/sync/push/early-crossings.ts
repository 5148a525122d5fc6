import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OpenBlob } from '../copy/blob-depot.ts';
import type { CopyProgress } from '../copy/copy-progress.ts';
import { dropUploadInTurn } from '../copy/drop-upload.ts';
import { moveBlob } from '../copy/move-blob.ts';
import type { EarlyBytes, SentBytes } from './early-bytes.ts';
import { type EarlyTarget, findEarlyTargets } from './early-targets.ts';
import type { ImageOwners } from './image-owners.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Sends blobs to an image's targets before there is a push: while a client still uploads the later layers, the
 * earlier ones cross. It is a head start and nothing more. What fails here is left to the push, which asks each
 * registry what it has; one that begins while a blob still crosses waits for it (`CopyTarget.crossing`).
 */
export class EarlyCrossings {
  readonly #context: SyncContext;
  readonly #bytes: EarlyBytes;
  readonly #owners: ImageOwners;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(context: SyncContext, bytes: EarlyBytes, owners: ImageOwners) {
    this.#context = context;
    this.#bytes = bytes;
    this.#owners = owners;
  }

  begin(name: RepositoryName, blob: Pick<Descriptor, 'digest' | 'size'>): void {
    if (this.#stop.signal.aborted) return;
    for (const to of findEarlyTargets(this.#context, name)) {
      const crossing = this.#cross(to, name, {
        mediaType: 'application/octet-stream',
        ...blob,
      }).catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#context.log.info({
            event: 'early crossing ended',
            registry: to.target.name,
            image: name,
            error: String(error),
          });
      });
      this.#underWay.add(crossing);
      crossing.finally(() => this.#underWay.delete(crossing));
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new Failure('cancelled', 'the service is stopping', { side: 'here' }));
    await Promise.allSettled(this.#underWay);
  }

  async #cross({ target, repository }: EarlyTarget, name: RepositoryName, blob: Descriptor): Promise<void> {
    const { depot, journal, locations, clock } = this.#context;
    const { signal } = this.#stop;
    const pause = (ms: number, abort: AbortSignal) => clock.sleep(ms, abort);
    if ((await target.client.headBlob(repository, blob.digest, { signal })) !== undefined) {
      // Perhaps no push ever comes that would do it.
      await dropUploadInTurn({ target, repository, journal, pause }, blob.digest, signal);
      return;
    }
    await target.ensureRepository(repository, signal);
    await moveBlob(
      {
        target,
        repository,
        depot,
        openSource: () => onlyFromDepot,
        journal,
        locations,
        progress: this.#progress((bytes) => this.#bytes.add(target.name, name, blob.digest, bytes)),
        onLanded: () => {},
        pause,
        nowMs: () => clock.nowMs(),
        owner: this.#owners.of(name),
      },
      blob,
      signal,
    );
  }

  #progress(onMoved: (bytes: SentBytes) => void): CopyProgress {
    let total = { sent: 0, again: 0 };
    return {
      planned() {},
      sent(sent, again) {
        total = { sent: total.sent + sent, again: total.again + again };
      },
      resumed() {},
      restarted() {},
      replaced() {},
      done(how) {
        if (how === 'moved') onMoved(total);
      },
      verifying() {},
    };
  }
}

const onlyFromDepot: OpenBlob = () =>
  Promise.reject(new Failure('content_missing', 'the blob left the depot before it crossed', { side: 'here' }));
