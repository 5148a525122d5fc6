import type { Clock } from '../kernel/clock.ts';
import { Failure, isFailure } from '../kernel/failure.ts';
import type { ImageReference } from '../oci/reference.ts';
import { ChangeWaiters } from './change-waiters.ts';
import { failedOver } from './failed-over.ts';
import { parseRequestedImage } from './meant-release.ts';
import type { RegistryFailover } from './registry-failover.ts';
import type { Resolution, ResolveRequest, Resolves } from './resolution.ts';
import type { SiteAnswer } from './site-answers.ts';

/** All that a site's clusters are answered, as of a moment. */
export type AnswerCopy = {
  readonly clusters: readonly string[];
  readonly answers: readonly SiteAnswer[];
};

/** Resolving from a copy of the service's answers, as the service would, but for registries that fail at the site. */
export class CopiedAnswers implements Resolves {
  readonly #failover: Pick<RegistryFailover, 'find'>;
  readonly #waiters: ChangeWaiters;
  readonly #onResolved: ((cluster: string, resolution: Resolution) => void) | undefined;
  #clusters: readonly string[] | null = null;
  #answers = new Map<string, SiteAnswer>();
  #images = new Map<string, Set<string>>();
  #asOf = 0;

  constructor(options: {
    failover: Pick<RegistryFailover, 'find'>;
    clock: Pick<Clock, 'sleep'>;
    /** Told what a cluster was answered. */
    onResolved?: (cluster: string, resolution: Resolution) => void;
  }) {
    this.#onResolved = options.onResolved;
    this.#failover = options.failover;
    this.#waiters = new ChangeWaiters(options.clock);
  }

  /** As of when it was true last, milliseconds since the epoch; null while there is no copy. */
  get asOf(): number | null {
    return this.#clusters === null ? null : this.#asOf;
  }

  get clusters(): readonly { readonly name: string }[] {
    return (this.#clusters ?? []).map((name) => ({ name }));
  }

  take(copy: AnswerCopy, asOf: number): void {
    this.#clusters = copy.clusters;
    this.#answers = new Map(copy.answers.map((answer) => [`${answer.cluster} ${answer.image}`, answer]));
    this.#images = new Map();
    for (const { cluster, image } of copy.answers) {
      const key = `${cluster} ${nameOf(image)}`;
      this.#images.set(key, (this.#images.get(key) ?? new Set()).add(image));
    }
    this.confirm(asOf);
  }

  /** What is held here is still true. */
  confirm(asOf: number): void {
    this.#asOf = asOf;
    this.changed();
  }

  /** Asks those who wait again: an answer may be another now. */
  changed(): void {
    this.#waiters.wake();
  }

  resolve(request: ResolveRequest): Resolution {
    const resolution = this.#look(request);
    this.#onResolved?.(request.cluster, resolution);
    return resolution;
  }

  #look(request: ResolveRequest): Resolution {
    const requested = parseRequestedImage(request.image);
    if (this.#clusters === null)
      throw new Failure('not_ready', 'this agent has not had a copy of the answers from the service yet');
    if (!this.#clusters.includes(request.cluster)) {
      const known = this.#clusters.join(', ') || 'none';
      throw new Failure(
        'cluster_unknown',
        `"${request.cluster.slice(0, 160)}" is no configured cluster; there are ${known}`,
      );
    }
    const { name, tag, digest } = requested;
    const image = digest === null ? `${name}:${tag}` : `${name}@${digest}`;
    const found = this.#answers.get(`${request.cluster} ${image}`);
    if (found === undefined) throw this.#unknown(request.cluster, requested);
    if ('failure' in found) throw found.failure;
    return { ...failedOver(found.resolution, (registry) => this.#failover.find(registry)), asOf: this.#asOf };
  }

  async resolveWaiting(request: ResolveRequest, timeoutMs: number, signal: AbortSignal): Promise<Resolution> {
    signal.throwIfAborted();
    if (timeoutMs > 0 && !this.#isSettled(request)) {
      const { name } = parseRequestedImage(request.image);
      await this.#waiters.wait(name, () => this.#isSettled(request), timeoutMs, signal);
    }
    return this.resolve(request);
  }

  /** The registries that hold anything of an image, in the order in which this cluster pulls; failing ones last. */
  registriesOf(cluster: string, name: string): readonly string[] {
    const ordered = new Set<string>();
    for (const image of this.imagesOf(cluster, name)) {
      const found = this.#answers.get(`${cluster} ${image}`);
      if (found === undefined || 'failure' in found) continue;
      const { registry, alternatives } = found.resolution;
      for (const each of [registry, ...alternatives.map((other) => other.registry)]) ordered.add(each);
    }
    const isOut = (registry: string) => Number(this.#failover.find(registry) !== undefined);
    return [...ordered].sort((a, b) => isOut(a) - isOut(b));
  }

  /** What can be asked for of an image, tags and digests. */
  imagesOf(cluster: string, name: string): readonly string[] {
    return [...(this.#images.get(`${cluster} ${name}`) ?? [])];
  }

  close(): void {
    this.#waiters.letGo();
  }

  #isSettled(request: ResolveRequest): boolean {
    try {
      return this.#look(request).state !== 'fallback';
    } catch (error) {
      return !isFailure(error, 'not_placed', 'not_ready');
    }
  }

  #unknown(cluster: string, { name, tag, digest }: ImageReference): Failure {
    if (!this.#images.has(`${cluster} ${name}`))
      return new Failure('image_unknown', `no image ${name} was ever pushed`);
    if (digest === null) return new Failure('tag_unknown', `image ${name} has no tag ${tag}`);
    return new Failure('digest_unknown', `image ${name} has no release with digest ${digest}`);
  }
}

function nameOf(image: string): string {
  const at = image.indexOf('@');
  return at < 0 ? image.slice(0, image.lastIndexOf(':')) : image.slice(0, at);
}
