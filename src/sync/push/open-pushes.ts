import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { readArchive } from '../archive/read-archive.ts';
import type { UploadGrowth } from '../copy/growing-upload.ts';
import type { ArchivePins } from './archive-pins.ts';
import { askSource } from './ask-source.ts';
import { Dispatcher } from './dispatcher.ts';
import { EarlyBytes } from './early-bytes.ts';
import { EarlyCrossings } from './early-crossings.ts';
import { fingerprint } from './fingerprint.ts';
import { getPush } from './get-push.ts';
import { HeadStarts } from './head-starts.ts';
import { ImageOwners } from './image-owners.ts';
import { type OwnPush, OwnPushes } from './own-pushes.ts';
import type { PlacementRecord, TransferRecord } from './push-record.ts';
import { PushRecorder, type Recording } from './push-recorder.ts';
import { parseSourceReference } from './push-source.ts';
import { PushSteering } from './push-steering.ts';
import type { Page, Paged, PushFilter, PushWithTransfers } from './push-store.ts';
import { checkCollisions, chooseTargets } from './push-targets.ts';
import type { LivePush, NewPush, Pushes } from './pushes.ts';
import { openQueuePlaces } from './queue-places.ts';
import { RunningLegs } from './running-legs.ts';
import type { SyncContext } from './sync-context.ts';

export type OpenPushes = Pushes & {
  /** Begins working, with what an earlier run left first. */
  start(): Promise<void>;
  /** What runs goes on, and nothing more is begun; what is accepted from now on waits for the next start. */
  stopClaiming(): void;
  stop(): Promise<void>;
  /** Throws why a release could not be distributed, as `accept` would. */
  check(request: NewPush): void;
  /**
   * Records the push of what a client has put here; the depot has all of it. `hasNews` when something that speaks of
   * it (a signature) came after it.
   */
  acceptPut(request: NewPush, image: PutImage): Promise<LivePush>;
  /** A blob has come that a push of the image will need: it may begin to cross. */
  beginEarly(name: RepositoryName, blob: { readonly digest: Digest; readonly size: number }): void;
  /** Is to hear of blobs that clients are still sending: they may begin to cross too. */
  readonly growth: UploadGrowth;
  carry(push: OwnPush): Promise<LivePush>;
  /** Withdraws a placement that is no longer there and brings it back by a push of its own. */
  repair(lost: PlacementRecord): Promise<void>;
};

export type PutImage = {
  readonly digest: Digest;
  readonly manifests: readonly Manifest[];
  /** Blobs and manifests of the image. */
  readonly contents: readonly { readonly digest: Digest; readonly size: number }[];
  readonly hasNews: boolean;
};

/** Pushes over a store, a depot and registries. */
export function openPushes(context: SyncContext, archivePins: ArchivePins): OpenPushes {
  return new PushService(context, archivePins);
}

class PushService implements OpenPushes {
  readonly #context: SyncContext;
  readonly #archivePins: ArchivePins;
  readonly #running = new RunningLegs();
  readonly #dispatcher: Dispatcher;
  readonly #recorder: PushRecorder;
  readonly #steering: PushSteering;
  readonly #own: OwnPushes;
  readonly #early: EarlyCrossings;
  readonly growth: HeadStarts;

  constructor(context: SyncContext, archivePins: ArchivePins) {
    this.#context = context;
    this.#archivePins = archivePins;
    const earlyBytes = new EarlyBytes();
    this.#dispatcher = new Dispatcher(context, this.#running, earlyBytes);
    this.#recorder = new PushRecorder(context, this.#dispatcher);
    this.#steering = new PushSteering(context, this.#dispatcher, this.#running, this.#recorder);
    this.#own = new OwnPushes(context, this.#dispatcher, this.#recorder);
    const owners = new ImageOwners();
    this.#early = new EarlyCrossings(context, earlyBytes, owners);
    this.growth = new HeadStarts(context, earlyBytes, owners);
  }

  async start(): Promise<void> {
    const { histories, world } = this.#context;
    await histories.load(world.registries.map(({ name }) => name));
    await this.#dispatcher.start();
  }

  stopClaiming(): void {
    this.#dispatcher.stopClaiming();
  }

  async stop(): Promise<void> {
    await Promise.all([this.growth.close(), this.#early.close(), this.#dispatcher.stop()]);
  }

  async accept(request: NewPush & { source: string }): Promise<LivePush> {
    const { world } = this.#context;
    const reference = parseSourceReference(request.source, world.sources, request.tag);
    const aim = this.#aim(request);
    const earlier = await this.#findEarlier(request);
    if (earlier !== undefined) return earlier;
    const digest = await askSource(this.#context, reference);
    const source = { kind: 'registry', reference: request.source } as const;
    return this.#enliven(await this.#recorder.record({ request, ...aim, source, digest }));
  }

  async acceptArchive(request: NewPush, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LivePush> {
    const aim = this.#aim(request);
    const { bytes, hash } = fingerprint(archive);
    const withBody = () => withBodyHash(request, hash());
    if (await this.#isKeyKnown(request)) {
      // Whether it is the same request is known when its last byte is.
      for await (const _ of bytes) signal.throwIfAborted();
      const earlier = await this.#findEarlier(withBody());
      if (earlier !== undefined) return earlier;
      throw new Failure('not_ready', 'the Idempotency-Key expired while the archive came; please send it again');
    }
    return this.#archivePins.hold(async (onStored) => {
      const { depot, world } = this.#context;
      const limits = { archiveBytes: world.limits.archiveBytes };
      const image = await readArchive({
        archive: bytes,
        depot,
        tag: `${request.name}:${request.tag}`,
        signal,
        limits,
        onStored,
      });
      const source = { kind: 'archive', reference: null } as const;
      const pins = [...image.manifests, ...image.blobs];
      const { digest } = image.root;
      return this.#enliven(await this.#recorder.record({ request: withBody(), ...aim, source, digest, pins }));
    });
  }

  check(request: NewPush): void {
    this.#aim(request);
  }

  async acceptPut(request: NewPush, image: PutImage): Promise<LivePush> {
    const aim = this.#aim(request);
    const { digest, manifests, contents, hasNews } = image;
    return this.#archivePins.hold(async (onStored) => {
      for (const content of contents) onStored(content);
      for (const manifest of manifests) await this.#context.depot.writeBytes(manifest.digest, manifest.bytes);
      const source = { kind: 'door', reference: null } as const;
      const recording = { request, ...aim, source, digest, pins: contents, hasNews };
      return this.#enliven(await this.#recorder.record(recording));
    });
  }

  beginEarly(name: RepositoryName, blob: { readonly digest: Digest; readonly size: number }): void {
    this.#early.begin(name, blob);
  }

  async carry(push: OwnPush): Promise<LivePush> {
    return this.#enliven(await this.#own.carry(push));
  }

  repair(lost: PlacementRecord): Promise<void> {
    return this.#own.repair(lost);
  }

  async find(id: string): Promise<LivePush | undefined> {
    const found = await this.#context.store.findPush(id);
    return found === undefined ? undefined : this.#enliven(found);
  }

  async list(filter: PushFilter, page: Page): Promise<Paged<LivePush>> {
    const { items, next } = await this.#context.store.listPushes(filter, page);
    // One look at each registry's queue for all of them.
    const legs = items.flatMap(({ transfers }) => transfers);
    const places = openQueuePlaces(legs, this.#context.store);
    return { items: await Promise.all(items.map((item) => this.#enliven(item, places))), next };
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
    await this.#steering.cancel(id);
    return this.#enliven(await getPush(this.#context.store, id));
  }

  async retry(id: string): Promise<LivePush> {
    await this.#steering.retry(id);
    return this.#enliven(await getPush(this.#context.store, id));
  }

  /** Where a push goes as of now. Much may happen until it is recorded; the relay says which choice it went by. */
  #aim(request: NewPush): Pick<Recording, 'targets' | 'relay'> {
    const { world, chosenRelay, imageNames } = this.#context;
    const relay = chosenRelay(request.name);
    const targets = chooseTargets(world, request, relay, request.targets);
    checkCollisions(targets, request.name, imageNames());
    if (targets.length > 0) return request.targets === undefined ? { targets, relay: relay ?? null } : { targets };
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

  async #isKeyKnown({ idempotency }: NewPush): Promise<boolean> {
    const { store, clock } = this.#context;
    return idempotency !== undefined && (await store.findIdempotent(idempotency.key, clock.nowMs())) !== undefined;
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

  async #enliven(
    { push, transfers }: PushWithTransfers,
    places = openQueuePlaces(transfers, this.#context.store),
  ): Promise<LivePush> {
    const enliven = (leg: TransferRecord) => this.#running.enliven(leg, this.#context, places);
    return { push, transfers: await Promise.all(transfers.map(enliven)) };
  }
}

/** The request with what its key stands for: what was asked, and the bytes that came with it. */
function withBodyHash(request: NewPush, contentHash: string): NewPush {
  const { idempotency } = request;
  if (idempotency === undefined) return request;
  return { ...request, idempotency: { ...idempotency, bodyHash: `${idempotency.bodyHash} ${contentHash}` } };
}
