import type { Digest } from '../../oci/digest.ts';
import { ALL_PLATFORMS, type PlatformSet, platformsIn } from '../../oci/platform-set.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { Dispatcher } from './dispatcher.ts';
import { findFormerPush } from './former-push.ts';
import { isMeantBy } from './meant-by.ts';
import type { PlacementRecord, PushPurpose, PushRecord } from './push-record.ts';
import type { PushRecorder } from './push-recorder.ts';
import type { PushWithTransfers } from './push-store.ts';
import type { NewPush } from './pushes.ts';
import type { SyncContext } from './sync-context.ts';

/** A push that the service makes for itself: a release that is already named, to registries that lack it. */
export type OwnPush = {
  readonly name: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly platformSet: PlatformSet;
  readonly targets: readonly string[];
  readonly purpose: Exclude<PushPurpose, 'release'>;
  readonly origin: string;
  /** Tells apart what one origin asks for more than once; with the same occasion it is the same push. */
  readonly occasion?: string;
};

export class OwnPushes {
  readonly #context: SyncContext;
  readonly #dispatcher: Dispatcher;
  readonly #recorder: PushRecorder;

  constructor(context: SyncContext, dispatcher: Dispatcher, recorder: PushRecorder) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#recorder = recorder;
  }

  async carry(push: OwnPush): Promise<PushWithTransfers> {
    const { name, tag, digest, platformSet, purpose, origin, occasion } = push;
    const former = await this.#findFormer(push);
    const part = platformSet === ALL_PLATFORMS ? '' : `[${platformSet}]`;
    const asked = [origin, `${name}:${tag}@${digest}${part}`, ...push.targets];
    const request: NewPush = {
      name,
      tag,
      // What clusters miss now goes before what they may want one day.
      priority: purpose === 'repair' ? 'normal' : 'backfill',
      // Asked for again after a restart, it is the same push.
      idempotency: {
        key: (occasion === undefined ? asked : [...asked, occasion]).join(' '),
        bodyHash: 'own',
        expiresAt: Number.MAX_SAFE_INTEGER,
      },
      platforms: platformsIn(platformSet),
      ...(former === undefined ? {} : { referrers: former.referrers }),
    };
    return this.#recorder.record({
      request,
      targets: push.targets.flatMap((target) =>
        this.#context.world.registries.filter((registry) => registry.name === target),
      ),
      source: former?.source ?? { kind: 'archive', reference: null },
      digest,
      own: { purpose, origin },
    });
  }

  /** Withdraws a placement that is no longer there and brings it back by a push of its own. */
  async repair(lost: PlacementRecord): Promise<void> {
    const { store, events, log } = this.#context;
    const { registry, name, sourceDigest, platformSet, digest } = lost;
    const former = await findFormerPush(store, lost);
    // Recorded before the placement goes, so that a death in between does not lose the repair; begun after it.
    await this.#dispatcher.holdClaims(registry, async () => {
      const repair =
        former === undefined
          ? undefined
          : await this.carry({
              name,
              tag: former.tag,
              digest: sourceDigest,
              platformSet,
              targets: [registry],
              purpose: 'repair',
              origin: `repair:${registry}`,
              occasion: String(lost.verifiedAt),
            });
      await store.withdrawPlacement(lost);
      log.error({ event: 'placement lost', registry, image: name, digest, repair: repair?.push.id ?? null });
      events.emit({ type: 'placement.withdrawn', registry, name, sourceDigest, platformSet });
    });
  }

  /** The push that carried the same before: that of the tag where it means this still, else any. */
  async #findFormer({ name, tag, digest: sourceDigest, platformSet }: OwnPush): Promise<PushRecord | undefined> {
    const { store } = this.#context;
    const release = await store.findRelease(name, tag);
    const content = { name, sourceDigest, platformSet };
    if (release !== undefined && isMeantBy(release, content)) return (await store.findPush(release.pushId))?.push;
    return findFormerPush(store, content);
  }
}
