import { isFailure, toFailure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PlatformSet } from '../../oci/platform-set.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryEntry } from '../../regions/world.ts';
import { registryOrigin } from '../copy/blob-origin.ts';
import { forEachAtOnce } from '../copy/for-each-at-once.ts';
import { readImage } from '../copy/read-image.ts';
import { verifyPlacement } from '../copy/verify-placement.ts';
import type { PlacementRecord } from './push-record.ts';
import type { SyncContext } from './sync-context.ts';

/** Registries with rules of their own forget quietly; a day is what a cluster may at worst be told wrongly. */
const STALE_AFTER_MS = 24 * 60 * 60_000;
const LOOK_EVERY_MS = 60_000;
/** So many a look and registry: at a question a second or so, and 28,800 placements a day. */
const PLACEMENTS_A_LOOK = 20;
const PAUSE_MS = 500;
/** A registry that fails so often in a row is left alone until the next look. */
const FAILURES_A_LOOK = 2;
/** What was seen whole so lately need not be looked at for a choice. */
const FRESH_MS = 60_000;
/** So many a choice and registry, the newest first; the others have their turn by the schedule. */
const PLACEMENTS_A_CHOICE = 200;
const AT_ONCE = 4;
/** A placement that could not be looked at does not stand in the way of others for so long. */
const PASS_OVER_MS = 60 * 60_000;

/** What a cluster may be sent to, by the source's digest. */
type PlacedRelease = { readonly name: RepositoryName; readonly digest: Digest; readonly platformSet: PlatformSet };

export type PlacementKeeperOptions = {
  readonly context: Pick<SyncContext, 'world' | 'store' | 'depot' | 'directory' | 'events' | 'clock' | 'log'>;
  /** Withdraws a placement and brings it back. */
  readonly repair: (lost: PlacementRecord) => Promise<void>;
};

/**
 * Looks again at what was placed, oldest first, each registry on its own and gently. What is no longer whole is
 * repaired; a registry that does not answer proves nothing, and nothing is withdrawn for it.
 */
export class PlacementKeeper {
  readonly #options: PlacementKeeperOptions;
  readonly #stop = new AbortController();
  readonly #passedOver = new Map<string, number>();
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(options: PlacementKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    const { world } = this.#options.context;
    const kept = world.registries.filter((entry) => entry.enabled).map((entry) => this.#keep(entry));
    this.#keeping = Promise.all([this.#keeping, ...kept]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#keeping;
  }

  /**
   * Looks at placements now, because clusters are about to be sent there. Waits for it at most `withinMs`; what is not
   * looked at by then is looked at all the same. Never fails.
   */
  async lookNow(registry: string, releases: readonly PlacedRelease[], withinMs: number): Promise<void> {
    const { world, clock } = this.#options.context;
    const entry = world.registries.find((each) => each.name === registry && each.enabled);
    if (entry === undefined || releases.length === 0) return;
    const looking = this.#lookAtAll(entry, releases.slice(0, PLACEMENTS_A_CHOICE));
    this.#keeping = Promise.all([this.#keeping, looking]);
    const enough = new AbortController();
    await Promise.race([looking, clock.sleep(withinMs, enough.signal).catch(() => {})]);
    enough.abort();
  }

  async #lookAtAll(entry: RegistryEntry, releases: readonly PlacedRelease[]): Promise<void> {
    const { store, clock, log } = this.#options.context;
    let failures = 0;
    try {
      await forEachAtOnce(releases, AT_ONCE, this.#stop.signal, async (release, signal) => {
        if (failures >= FAILURES_A_LOOK) return;
        const { name, digest: sourceDigest, platformSet } = release;
        const placement = await store.findPlacement({ registry: entry.name, name, sourceDigest, platformSet });
        const ageMs = clock.nowMs() - (placement?.verifiedAt ?? 0);
        // Behind the clock where it was set back since: that says nothing.
        if (placement === undefined || (ageMs >= 0 && ageMs < FRESH_MS)) return;
        if (!(await this.#lookAt(placement, entry, signal))) failures += 1;
      });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      log.error({ event: 'looking at placements failed', registry: entry.name, error: toFailure(error).message });
    }
  }

  async #keep(entry: RegistryEntry): Promise<void> {
    const { clock, log } = this.#options.context;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await clock.sleep(LOOK_EVERY_MS, signal);
        await this.#look(entry, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ event: 'looking at placements failed', registry: entry.name, error: toFailure(error).message });
      }
    }
  }

  async #look(entry: RegistryEntry, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options.context;
    this.#forgetPassedOver();
    const limit = PLACEMENTS_A_LOOK + this.#passedOver.size;
    const toMs = clock.nowMs();
    const stale = await store.stalePlacements({ fromMs: toMs - STALE_AFTER_MS, toMs }, limit, entry.name);
    const due = stale.filter((placement) => !this.#passedOver.has(keyOf(placement))).slice(0, PLACEMENTS_A_LOOK);
    let failures = 0;
    for (const placement of due) {
      if (await this.#lookAt(placement, entry, signal)) failures = 0;
      else failures += 1;
      if (failures >= FAILURES_A_LOOK) return;
      await clock.sleep(PAUSE_MS, signal);
    }
  }

  /** False when nothing can be said of it. */
  async #lookAt(placement: PlacementRecord, entry: RegistryEntry, signal: AbortSignal): Promise<boolean> {
    const { store, events, clock, log } = this.#options.context;
    const { registry, name, sourceDigest, platformSet, digest } = placement;
    try {
      // Seen twice before it is believed: a registry may be in the middle of something.
      if ((await this.#isWhole(placement, entry, signal)) || (await this.#isWhole(placement, entry, signal))) {
        const verifiedAt = clock.nowMs();
        await store.confirmPlacement(placement, verifiedAt);
        const seen = { registry, name, sourceDigest, platformSet, digest, verifiedAt };
        events.emit({ type: 'placement.confirmed', ...seen });
      } else await this.#options.repair(placement);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#passedOver.set(keyOf(placement), clock.elapsedMs() + PASS_OVER_MS);
      log.warn({
        event: 'placement not looked at',
        registry,
        image: name,
        digest,
        error: toFailure(error).message,
      });
      return false;
    }
  }

  /** Throws when the registry does not give a definite answer. */
  async #isWhole(placement: PlacementRecord, entry: RegistryEntry, signal: AbortSignal): Promise<boolean> {
    const { depot, directory } = this.#options.context;
    const opened = directory.registry(entry.name);
    if (opened === undefined) return true;
    const { target } = opened;
    const repository = registryRepository(entry, placement.name);
    const origin = registryOrigin(`${entry.name}/${repository}`, target.client, repository);
    // What is there was selected when it was placed: all of it has to be there.
    const selection = { platforms: [], referrers: false, attestations: 'keep' } as const;
    try {
      const tree = await readImage({ origin, depot, digest: placement.digest, selection, signal });
      // Manifests are read as a cluster would: what ECR has archived can no longer be pulled (404), whatever else its API
      // tells of it. https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html, 2026-11-26.
      const { findManifests: _atOnce, ...asPulled } = target;
      await verifyPlacement({ tree, target: asPulled, repository, tag: null }, signal);
      return true;
    } catch (error) {
      const isLost = isFailure(
        error,
        'content_missing',
        'remote_blob_unknown',
        'remote_not_found',
        'remote_repository_unknown',
        'digest_mismatch',
        'size_mismatch',
      );
      if (isLost && !signal.aborted) return false;
      throw error;
    }
  }

  #forgetPassedOver(): void {
    const nowMs = this.#options.context.clock.elapsedMs();
    for (const [key, untilMs] of this.#passedOver) if (untilMs <= nowMs) this.#passedOver.delete(key);
  }
}

function keyOf({ registry, name, sourceDigest, platformSet }: PlacementRecord): string {
  return `${registry} ${name} ${sourceDigest} ${platformSet}`;
}
