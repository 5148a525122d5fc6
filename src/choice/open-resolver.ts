import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { Failure, isFailure } from '../kernel/failure.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ClusterEntry, World } from '../regions/world.ts';
import { ChangeWaiters } from './change-waiters.ts';
import type { IndexedDigest } from './indexed-digest.ts';
import { getMeantRelease, type MeantRelease, parseRequestedImage } from './meant-release.ts';
import type { OpenedChoices } from './open-choices.ts';
import { type PullPlan, PullPlans, type PullStop, type Recommendation } from './pull-plans.ts';
import type { PushActivity } from './push-activity.ts';
import type { ReleaseIndex } from './release-index.ts';
import type { Resolution, ResolutionAlternative, ResolveRequest, Resolves } from './resolution.ts';
import { describeFallback, describeNotPlaced, describePush } from './resolution-words.ts';
import type { UseRecorder } from './use-recorder.ts';

export type ResolverOptions = {
  readonly world: Pick<World, 'registries' | 'clusters' | 'standby'>;
  readonly index: Pick<ReleaseIndex, 'findImage' | 'onChange'>;
  readonly choices: Pick<OpenedChoices, 'effective' | 'generation'>;
  readonly pushes: Pick<PushActivity, 'find' | 'findFor' | 'refresh'>;
  readonly uses: Pick<UseRecorder, 'note'>;
  readonly events: EventBus;
  readonly clock: Clock;
  /** Without one, relays come in the order of the configuration. */
  readonly recommendation?: Recommendation;
};

/** `close` lets those who wait go with what is true then, and stops listening. */
export type OpenedResolver = Resolves & {
  /** What `resolve` would answer, without counting as a use of the release. */
  look(request: ResolveRequest): Resolution;
  /** The registries that a cluster pulls an image from, best first, whatever they hold of it. */
  order(cluster: string, image: RepositoryName): readonly string[];
  close(): void;
};

/** Resolving as docs/how-an-image-is-resolved.md has it. */
export function openResolver(options: ResolverOptions): OpenedResolver {
  return new Resolver(options);
}

type Taken = { readonly stop: PullStop; readonly position: number };

class Resolver implements OpenedResolver {
  readonly #options: ResolverOptions;
  readonly #clusters: ReadonlyMap<string, ClusterEntry>;
  readonly #plans: PullPlans;
  readonly #waiters: ChangeWaiters;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#clusters = new Map(options.world.clusters.map((cluster) => [cluster.name, cluster]));
    this.#plans = new PullPlans({ ...options, recommendation: options.recommendation ?? (() => []) });
    this.#waiters = new ChangeWaiters(options.clock);
    this.#unsubscribe = [
      options.index.onChange((name) => this.#waiters.wake(name)),
      options.events.on('choice.changed', () => this.#waiters.wake()),
    ];
  }

  resolve(request: ResolveRequest): Resolution {
    const { resolution, meant } = this.#answer(request);
    this.#options.uses.note(meant, request.cluster, resolution.asOf);
    return resolution;
  }

  order(cluster: string, image: RepositoryName): readonly string[] {
    return this.#plans.get(this.#getCluster(cluster), image).stops.map(({ registry }) => registry);
  }

  look(request: ResolveRequest): Resolution {
    return this.#answer(request).resolution;
  }

  async resolveWaiting(request: ResolveRequest, timeoutMs: number, signal: AbortSignal): Promise<Resolution> {
    signal.throwIfAborted();
    if (timeoutMs > 0 && !this.#isSettled(request)) {
      const { name } = parseRequestedImage(request.image);
      await this.#waiters.wait(name, () => this.#isSettled(request), timeoutMs, signal);
    }
    return this.resolve(request);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#waiters.letGo();
  }

  /** R15. What is unknown is settled too: waiting does not mend a mistake. */
  #isSettled(request: ResolveRequest): boolean {
    try {
      return this.#answer(request).resolution.state !== 'fallback';
    } catch (error) {
      return !isFailure(error, 'not_placed');
    }
  }

  #answer(request: ResolveRequest): { resolution: Resolution; meant: IndexedDigest } {
    const requested = parseRequestedImage(request.image);
    const cluster = this.#getCluster(request.cluster);
    const release = getMeantRelease(this.#options.index, requested);
    const plan = this.#plans.get(cluster, release.name);
    const { meant } = release;
    let taken: Taken | undefined;
    const alternatives: ResolutionAlternative[] = [];
    for (const stop of plan.stops) {
      const position = meant?.findPosition(stop.registry) ?? -1;
      if (meant === null || position < 0) continue;
      if (taken === undefined) taken = { stop, position };
      else alternatives.push(describeAlternative(meant, { stop, position }));
    }
    if (taken === undefined || meant === null) throw this.#notPlaced(release, cluster, plan);

    const { stop, position } = taken;
    const { order } = plan;
    const digest = meant.digestAt(position);
    const isWanted = stop.registry === order.wanted;
    const bringing = isWanted ? undefined : this.#findBringing(order.wanted, meant);
    const resolution: Resolution = {
      reference: stop.write(meant.name, digest),
      name: meant.name,
      registry: stop.registry,
      region: stop.region,
      digest,
      sourceDigest: meant.sourceDigest,
      tag: release.tag,
      state: isWanted ? order.state : 'fallback',
      reason: isWanted ? null : describeFallback(order, bringing),
      choice: plan.choice,
      verifiedAt: meant.verifiedAt(position),
      asOf: this.#options.clock.nowMs(),
      push: bringing?.isBringing ? bringing.push.id : null,
      alternatives,
    };
    return { resolution, meant };
  }

  #getCluster(name: string): ClusterEntry {
    const cluster = this.#clusters.get(name);
    if (cluster !== undefined) return cluster;
    const known = [...this.#clusters.keys()].join(', ') || 'none';
    throw new Failure('cluster_unknown', `"${name.slice(0, 160)}" is no configured cluster; there are ${known}`);
  }

  #findBringing(wanted: string | null, digest: IndexedDigest): ReturnType<PushActivity['findFor']> {
    return wanted === null ? undefined : this.#options.pushes.findFor(digest, wanted);
  }

  #notPlaced(release: MeantRelease, cluster: ClusterEntry, { order }: PullPlan): Failure {
    const { pushes } = this.#options;
    const bringing = release.meant?.isPlaced ? this.#findBringing(order.wanted, release.meant) : undefined;
    const pushId = bringing?.push.id ?? release.pushId;
    const why = describeNotPlaced(release, cluster, order);
    if (pushId === null) {
      return new Failure('not_placed', `${why}, and no push is bringing it`, { extensions: { push: null } });
    }
    const push = bringing?.push ?? pushes.find(pushId);
    // An answer does not wait; the next one knows.
    if (push === undefined) pushes.refresh(pushId);
    const how = push === undefined ? `push ${pushId} has not placed it` : describePush(push);
    return new Failure('not_placed', `${why}; ${how}`, { extensions: { push: pushId } });
  }
}

function describeAlternative(digest: IndexedDigest, { stop, position }: Taken): ResolutionAlternative {
  return {
    reference: stop.write(digest.name, digest.digestAt(position)),
    registry: stop.registry,
    region: stop.region,
    verifiedAt: digest.verifiedAt(position),
  };
}
