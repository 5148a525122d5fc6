import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { OpenBlob } from '../copy/blob-depot.ts';
import type { CopyProgress } from '../copy/copy-progress.ts';
import { dropUploadInTurn } from '../copy/drop-upload.ts';
import { moveBlob } from '../copy/move-blob.ts';
import type { EarlyBytes, SentBytes } from './early-bytes.ts';
import { chooseTargets, mayBeDistributed } from './push-targets.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Sends blobs to an image's targets before there is a push: while a client still uploads the later layers, the
 * earlier ones cross. It is a head start and nothing more. What fails here is left to the push, which asks each
 * registry what it has; one that begins while a blob still crosses waits for it (`CopyTarget.crossing`).
 */
export class EarlyCrossings {
  readonly #context: SyncContext;
  readonly #bytes: EarlyBytes;
  readonly #owners = new Map<RepositoryName, object>();
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(context: SyncContext, bytes: EarlyBytes) {
    this.#context = context;
    this.#bytes = bytes;
  }

  begin(name: RepositoryName, blob: Pick<Descriptor, 'digest' | 'size'>): void {
    const { world, chosenRelay, directory } = this.#context;
    if (this.#stop.signal.aborted || !mayBeDistributed(world, name)) return;
    for (const entry of chooseTargets(world, { name, tag: undefined }, chosenRelay(name), undefined)) {
      const registry = directory.registry(entry.name);
      if (registry === undefined) continue;
      const crossing = this.#cross(registry.target, name, registryRepository(entry, name), {
        mediaType: 'application/octet-stream',
        ...blob,
      }).catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#context.log.info({
            event: 'early crossing ended',
            registry: entry.name,
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

  async #cross(
    target: Parameters<typeof moveBlob>[0]['target'],
    name: RepositoryName,
    repository: RepositoryName,
    blob: Descriptor,
  ): Promise<void> {
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
        owner: this.#ownerOf(name),
      },
      blob,
      signal,
    );
  }

  /** All blobs of an image share places with others as one. */
  #ownerOf(name: RepositoryName): object {
    const owner = this.#owners.get(name) ?? {};
    this.#owners.set(name, owner);
    return owner;
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
