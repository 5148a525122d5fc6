import { newId } from '../../kernel/id.ts';
import type { Digest } from '../../oci/digest.ts';
import { platformSetOf } from '../../oci/platform-set.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import { formatSelection } from '../copy/selection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { isMeantBy } from './meant-by.ts';
import { newPushRecord, newTransferRecord } from './new-records.ts';
import { pushFacts } from './push-facts.ts';
import type { PlacementRecord, PushPurpose, PushSource, ReleaseRecord } from './push-record.ts';
import type { PushStore, PushWithTransfers } from './push-store.ts';
import { isStandbyOnly } from './push-targets.ts';
import type { NewPush } from './pushes.ts';
import { selectionOf } from './selection-of.ts';
import type { SyncContext } from './sync-context.ts';

export type Recording = {
  readonly request: NewPush;
  readonly targets: readonly RegistryEntry[];
  /** The relay among them that the choice named; absent where the request names the targets. */
  readonly relay?: string | null;
  readonly source: PushSource;
  readonly digest: Digest | null;
  /** What the depot has already and must keep for it. */
  readonly pins?: readonly { readonly digest: Digest; readonly size: number }[];
  /** There is more to carry than there was when the same digest was placed: it is looked at again. */
  readonly hasNews?: boolean;
  /** Of a push that the service makes for itself. */
  readonly own?: { readonly purpose: PushPurpose; readonly origin: string };
};

/** Makes pushes durable, tells of them and gets their legs going. */
export class PushRecorder {
  readonly #context: SyncContext;
  readonly #dispatcher: Dispatcher;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(context: SyncContext, dispatcher: Dispatcher) {
    this.#context = context;
    this.#dispatcher = dispatcher;
  }

  /** One push at a time, so that the newest of a tag is the same by its instant, by its id and by the order of events. */
  record(recording: Recording): Promise<PushWithTransfers> {
    const turn = this.#lastTurn.then(() => this.#record(recording));
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }

  tellAccepted({ push }: PushWithTransfers, relay?: string | null): void {
    const { events, log } = this.#context;
    const { id, name, tag, digest, createdAt, purpose, unchanged, origin } = push;
    log.info({
      event: 'push accepted',
      ...pushFacts(push),
      digest,
      purpose,
      unchanged,
      ...(origin === null ? {} : { origin }),
    });
    const release = purpose === 'release';
    const followed = relay === undefined ? {} : { relay };
    const platformSet = platformSetOf(push.platforms);
    const accepted = { pushId: id, name, tag, digest, platformSet, at: createdAt, release, ...followed };
    events.emit({ type: 'push.accepted', ...accepted });
    if (push.state !== 'running') events.emit({ type: 'push.finished', pushId: id });
  }

  async #record(recording: Recording): Promise<PushWithTransfers> {
    const { store, clock, world } = this.#context;
    const { request, targets, source, digest, pins, own } = recording;
    await this.#dispatcher.clockWatch.look();
    const release = await store.findRelease(request.name, request.tag);
    // A clock that was set back must not make a newer push older than the one before it.
    const nowMs = Math.max(clock.nowMs(), (release?.acceptedAt ?? 0) + 1);
    const placements = own === undefined ? await this.#placementsIfUnchanged(recording, release) : undefined;
    const push = newPushRecord(request, {
      id: newId('push', nowMs),
      nowMs,
      deadlineMs: world.limits.deadlineMs,
      source,
      digest,
      purpose: own?.purpose ?? 'release',
      origin: own?.origin ?? null,
      unchanged: placements !== undefined,
    });
    const chosen = this.#context.chosenRelay(request.name);
    const isStandby = ({ name }: RegistryEntry) =>
      own === undefined && request.targets === undefined && isStandbyOnly(world, request.name, name, chosen);
    const transfers = targets.map((target) =>
      newTransferRecord(push, target, { placed: placements?.get(target.name), isStandby: isStandby(target) }),
    );
    // Pinned first: once the push is recorded nothing may take away what it needs, whenever the process dies.
    if (pins !== undefined && placements === undefined) await store.pinBlobs(push.id, pins);
    const recorded = await this.#create(push, transfers, request.idempotency);
    if (!recorded.created) return recorded;
    this.tellAccepted(recorded, recording.relay);
    for (const leg of transfers) this.#dispatcher.wake(leg.registry);
    return recorded;
  }

  /** Creates it, or lets go what was pinned for it. */
  async #create(...push: Parameters<PushStore['createPush']>): ReturnType<PushStore['createPush']> {
    const { store } = this.#context;
    let isCreated = false;
    try {
      const recorded = await store.createPush(...push);
      isCreated = recorded.created;
      return recorded;
    } finally {
      if (!isCreated) await store.unpinBlobs(push[0].id).catch(() => {});
    }
  }

  /** The placements of a release that means this digest already and is placed at every target with the same content asked for. */
  async #placementsIfUnchanged(
    { request, targets, digest, hasNews = false }: Recording,
    release: ReleaseRecord | undefined,
  ): Promise<ReadonlyMap<string, PlacementRecord> | undefined> {
    const asked = { platforms: request.platforms ?? [], referrers: request.referrers ?? true };
    const platformSet = platformSetOf(asked.platforms);
    if (hasNews || digest === null || !isMeantBy(release, { sourceDigest: digest, platformSet })) return undefined;
    const known = await this.#context.store.listPlacements(request.name, digest);
    const same = known.filter((placement) => placement.platformSet === platformSet);
    const placements = new Map(same.map((placement) => [placement.registry, placement]));
    const isPlaced = (target: RegistryEntry) =>
      placements.get(target.name)?.selection === formatSelection(selectionOf(asked, target.attestations));
    return targets.every(isPlaced) ? placements : undefined;
  }
}
