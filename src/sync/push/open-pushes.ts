import { Failure } from '../../kernel/failure.ts';
import { newId } from '../../kernel/id.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import { readArchive } from '../archive/read-archive.ts';
import { formatSelection } from '../copy/selection.ts';
import type { ArchivePins } from './archive-pins.ts';
import { askSource } from './ask-source.ts';
import { Dispatcher } from './dispatcher.ts';
import { newPushRecord, newTransferRecord } from './new-records.ts';
import type { PlacementRecord, PushPurpose, PushSource, ReleaseRecord, TransferRecord } from './push-record.ts';
import { parseSourceReference } from './push-source.ts';
import { FINAL_TRANSFER_STATES } from './push-state.ts';
import type { Page, Paged, PushFilter, PushWithTransfers } from './push-store.ts';
import { chooseTargets } from './push-targets.ts';
import { PushTrees, selectionOf } from './push-trees.ts';
import type { LivePush, NewPush, Pushes } from './pushes.ts';
import { RunningLegs } from './running-legs.ts';
import { settlePush } from './settle-push.ts';
import type { SyncContext } from './sync-context.ts';
import { cancellation } from './transfer-verdict.ts';

/** A push that the service makes for itself: a release that is already named, to registries that lack it. */
export type OwnPush = {
  readonly name: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly targets: readonly string[];
  readonly purpose: Exclude<PushPurpose, 'release'>;
  readonly origin: string;
};

export type OpenPushes = Pushes & {
  /** Begins working, with what an earlier run left first. */
  start(): Promise<void>;
  stop(): Promise<void>;
  carry(push: OwnPush): Promise<LivePush>;
};

/** Pushes over a store, a depot and registries. */
export function openPushes(context: SyncContext, archivePins: ArchivePins): OpenPushes {
  return new PushService(context, archivePins);
}

class PushService implements OpenPushes {
  readonly #context: SyncContext;
  readonly #archivePins: ArchivePins;
  readonly #trees: PushTrees;
  readonly #running = new RunningLegs();
  readonly #dispatcher: Dispatcher;

  constructor(context: SyncContext, archivePins: ArchivePins) {
    this.#context = context;
    this.#archivePins = archivePins;
    this.#trees = new PushTrees(context);
    this.#dispatcher = new Dispatcher(context, this.#trees, this.#running);
  }

  start(): Promise<void> {
    return this.#dispatcher.start();
  }

  stop(): Promise<void> {
    return this.#dispatcher.stop();
  }

  async accept(request: NewPush & { source: string }): Promise<LivePush> {
    const { world } = this.#context;
    const reference = parseSourceReference(request.source, world.sources, request.tag);
    const targets = this.#targets(request);
    const earlier = await this.#findEarlier(request);
    if (earlier !== undefined) return earlier;
    const digest = await askSource(this.#context, reference);
    return this.#record(request, targets, { kind: 'registry', reference: request.source }, digest);
  }

  async acceptArchive(request: NewPush, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LivePush> {
    const targets = this.#targets(request);
    const earlier = await this.#findEarlier(request);
    if (earlier !== undefined) return earlier;
    return this.#archivePins.hold(async (onStored) => {
      const { depot, world } = this.#context;
      const limits = { archiveBytes: world.limits.archiveBytes };
      const image = await readArchive({
        archive,
        depot,
        tag: `${request.name}:${request.tag}`,
        signal,
        limits,
        onStored,
      });
      return this.#record(request, targets, { kind: 'archive', reference: null }, image.root.digest, [
        ...image.manifests,
        ...image.blobs,
      ]);
    });
  }

  async carry(push: OwnPush): Promise<LivePush> {
    const { store, world } = this.#context;
    const registries = push.targets.flatMap((name) => world.registries.filter((entry) => entry.name === name));
    const release = await store.findRelease(push.name, push.tag);
    const former = release === undefined ? undefined : await store.findPush(release.pushId);
    const request: NewPush = {
      name: push.name,
      tag: push.tag,
      priority: 'backfill',
      // Asked for again after a restart, it is the same push.
      idempotency: {
        key: [push.origin, `${push.name}:${push.tag}@${push.digest}`, ...push.targets].join(' '),
        bodyHash: 'own',
        expiresAt: Number.MAX_SAFE_INTEGER,
      },
      ...(former === undefined ? {} : { platforms: former.push.platforms, referrers: former.push.referrers }),
    };
    const source: PushSource =
      former?.push.digest === push.digest ? former.push.source : { kind: 'archive', reference: null };
    return this.#record(request, registries, source, push.digest, undefined, push);
  }

  async find(id: string): Promise<LivePush | undefined> {
    const found = await this.#context.store.findPush(id);
    return found === undefined ? undefined : this.#enliven(found);
  }

  async list(filter: PushFilter, page: Page): Promise<Paged<LivePush>> {
    const { items, next } = await this.#context.store.listPushes(filter, page);
    return { items: items.map((item) => this.#enliven(item)), next };
  }

  async waitUntilFinal(id: string, timeoutMs: number, signal: AbortSignal): Promise<LivePush | undefined> {
    let wake = () => {};
    const finished = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const unsubscribe = this.#context.events.on('push.finished', (event) => event.pushId === id && wake());
    const timer = setTimeout(wake, timeoutMs);
    signal.addEventListener('abort', wake, { once: true });
    try {
      const found = await this.find(id);
      if (found === undefined || found.push.state !== 'running') return found;
      await finished;
      return await this.find(id);
    } finally {
      unsubscribe();
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
    }
  }

  async cancel(id: string): Promise<LivePush> {
    const { store, events } = this.#context;
    const { push, transfers } = await this.#get(id);
    if (push.state !== 'running') throw new Failure('already_finished', `push ${id} is ${push.state} already`);
    for (const leg of transfers.filter(({ state }) => !FINAL_TRANSFER_STATES.has(state))) {
      const running = this.#running.find(id, leg.registry);
      running?.stop.abort(cancellation());
      await running?.ended;
      // It may have become final meanwhile; what is placed stays placed.
      const now = (await this.#get(id)).transfers.find(({ registry }) => registry === leg.registry);
      if (now === undefined || FINAL_TRANSFER_STATES.has(now.state)) continue;
      await store.updateTransfer(id, leg.registry, {
        state: 'cancelled',
        nextAttemptAt: null,
        leaseOwner: null,
        leaseUntil: null,
      });
      events.emit({ type: 'transfer.changed', pushId: id, registry: leg.registry, state: 'cancelled' });
    }
    await settlePush(this.#context, id, this.#trees);
    return this.#enliven(await this.#get(id));
  }

  async retry(id: string): Promise<LivePush> {
    const { store, events, clock, world } = this.#context;
    const { push, transfers } = await this.#get(id);
    const again = transfers.filter(({ state }) => state === 'failed' || state === 'cancelled' || state === 'waiting');
    if (again.length === 0)
      throw new Failure('already_finished', `push ${id} has no leg that failed, was cancelled or waits`);
    await store.updatePush(id, { deadlineAt: clock.nowMs() + world.limits.deadlineMs });
    for (const leg of again) {
      await store.updateTransfer(id, leg.registry, { state: 'queued', nextAttemptAt: null, error: null });
      events.emit({ type: 'transfer.changed', pushId: id, registry: leg.registry, state: 'queued' });
    }
    await settlePush(this.#context, id, this.#trees);
    // A push that had ended without a digest names its tag again.
    if (push.state !== 'running' && push.purpose === 'release' && push.digest === null)
      this.#tellAccepted(await this.#get(id));
    for (const leg of again) this.#dispatcher.wake(leg.registry);
    return this.#enliven(await this.#get(id));
  }

  #targets(request: NewPush): readonly RegistryEntry[] {
    const { world, chosenRelay } = this.#context;
    const targets = chooseTargets(world, request, chosenRelay(request.name), request.targets);
    if (targets.length > 0) return targets;
    throw new Failure(
      'validation_failed',
      `${request.name}:${request.tag} has nowhere to go: there is no enabled home registry and no choice for it`,
      {
        errors: [
          {
            path: 'targets',
            detail: 'name at least one registry, choose one for the image, or configure a home registry',
          },
        ],
      },
    );
  }

  /** The answer to the same request with the same key, where it was given before. */
  async #findEarlier(request: NewPush): Promise<LivePush | undefined> {
    const { store, clock } = this.#context;
    if (request.idempotency === undefined) return undefined;
    const known = await store.findIdempotent(request.idempotency.key, clock.nowMs());
    if (known === undefined) return undefined;
    if (known.bodyHash !== request.idempotency.bodyHash) {
      throw new Failure(
        'idempotency_conflict',
        `Idempotency-Key "${request.idempotency.key}" was used for another request within the last 24 hours`,
      );
    }
    return this.find(known.pushId);
  }

  async #record(
    request: NewPush,
    targets: readonly RegistryEntry[],
    source: PushSource,
    digest: Digest | null,
    pins?: readonly { digest: Digest; size: number }[],
    own?: OwnPush,
  ): Promise<LivePush> {
    const { store, clock, world } = this.#context;
    const release = await store.findRelease(request.name, request.tag);
    // A clock that was set back must not make a newer push older than the one before it.
    const nowMs = Math.max(clock.nowMs(), (release?.acceptedAt ?? 0) + 1);
    const placements = own === undefined ? await this.#placementsIfUnchanged(request, targets, digest, release) : undefined;
    const push = newPushRecord(request, {
      id: newId('psh', nowMs),
      nowMs,
      deadlineMs: world.limits.deadlineMs,
      source,
      digest,
      purpose: own?.purpose ?? 'release',
      origin: own?.origin ?? null,
      unchanged: placements !== undefined,
    });
    const transfers = targets.map((target) => newTransferRecord(push, target, placements?.get(target.name)));
    const recorded = await store.createPush(push, transfers, request.idempotency);
    if (!recorded.created) return this.#enliven(recorded);
    if (pins !== undefined && placements === undefined) await store.pinBlobs(push.id, pins);
    this.#tellAccepted(recorded);
    for (const leg of transfers) this.#dispatcher.wake(leg.registry);
    return this.#enliven(recorded);
  }

  #tellAccepted({ push }: PushWithTransfers): void {
    const { events, log } = this.#context;
    const { id, name, tag, digest, createdAt, purpose, unchanged } = push;
    log.info({
      event: 'push accepted',
      push: id,
      image: `${name}:${tag}`,
      digest,
      purpose,
      unchanged,
      ...(push.origin === null ? {} : { origin: push.origin }),
    });
    events.emit({
      type: 'push.accepted',
      pushId: id,
      name,
      tag,
      digest,
      at: createdAt,
      release: purpose === 'release',
    });
    if (push.state !== 'running') events.emit({ type: 'push.finished', pushId: id });
  }

  /** The placements of a release that means this digest already and is placed at every target with the same content asked for. */
  async #placementsIfUnchanged(
    request: NewPush,
    targets: readonly RegistryEntry[],
    digest: Digest | null,
    release: ReleaseRecord | undefined,
  ): Promise<ReadonlyMap<string, PlacementRecord> | undefined> {
    const { store } = this.#context;
    if (digest === null) return undefined;
    if (release?.digest !== digest) return undefined;
    const placements = new Map(
      (await store.listPlacements(request.name, digest)).map((placement) => [placement.registry, placement]),
    );
    const asked = { platforms: request.platforms ?? [], referrers: request.referrers ?? true };
    const isPlaced = (target: RegistryEntry) =>
      placements.get(target.name)?.selection === formatSelection(selectionOf(asked, target.attestations));
    return targets.every(isPlaced) ? placements : undefined;
  }

  #enliven({ push, transfers }: PushWithTransfers): LivePush {
    return { push, transfers: transfers.map((leg: TransferRecord) => this.#running.enliven(leg, this.#context.clock)) };
  }

  async #get(id: string): Promise<PushWithTransfers> {
    const found = await this.#context.store.findPush(id);
    if (found === undefined) throw new Failure('push_unknown', `there is no push ${id.slice(0, 100)}`);
    return found;
  }
}
