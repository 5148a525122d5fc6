import type { EntrepotEvent } from '../events/event.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { IndexedImage } from './indexed-image.ts';
import { RegistryList } from './registry-list.ts';
import type { CurrentPlacement, CurrentRelease, ReleaseSource } from './release-source.ts';

type Changes = (name: RepositoryName) => void;

/** What every tag means and where every digest is, in memory: read once, then kept true by events. */
export class ReleaseIndex {
  readonly #source: ReleaseSource;
  readonly #onError: (error: unknown) => void;
  readonly #images = new Map<string, IndexedImage>();
  readonly #nowhere = new RegistryList();
  readonly #listeners = new Set<Changes>();
  readonly #unsubscribe: () => void;

  /** Subscribes before it reads, and reads without giving way, so that no event falls between. */
  constructor(options: { source: ReleaseSource; events: EventBus; onError?: (error: unknown) => void }) {
    this.#source = options.source;
    this.#onError = options.onError ?? (() => {});
    this.#unsubscribe = options.events.on('*', (event) => this.#hear(event));
    for (const placement of options.source.currentPlacements()) this.#place(placement);
    for (const release of options.source.currentReleases()) this.#getImage(release.name).setRelease(release);
  }

  /** Undefined for an image that was never pushed. */
  findImage(name: string): IndexedImage | undefined {
    return this.#images.get(name);
  }

  *imageNames(): Generator<RepositoryName> {
    for (const { name } of this.#images.values()) yield name;
  }

  images(): Iterable<IndexedImage> {
    return this.#images.values();
  }

  /** Tells the image's name after each change to what can be answered about it; returns the function that ends it. */
  onChange(listener: Changes): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  #hear(event: EntrepotEvent): void {
    switch (event.type) {
      case 'push.accepted':
        if (event.release) this.#accept({ ...event, acceptedAt: event.at });
        return;
      case 'push.digest': {
        const release = this.#findRelease(event);
        if (release === undefined) return;
        this.#getImage(event.name).setRelease({ ...release, digest: event.digest });
        this.#tellChange(event.name);
        return;
      }
      case 'push.withdrawn':
        if (this.#findRelease(event) !== undefined) this.#restoreRelease(event).catch(this.#onError);
        return;
      case 'placement.confirmed':
        this.#place(event);
        this.#tellChange(event.name);
        return;
      case 'placement.withdrawn':
        this.#images.get(event.name)?.withdraw(event.registry, event.sourceDigest);
        this.#dropIfEmpty(event.name);
        this.#tellChange(event.name);
        return;
      default:
        return;
    }
  }

  /**
   * Events come in the order in which pushes were recorded, so this one is the newest whatever the clock did meanwhile;
   * unless it is an earlier push that was taken up again, older by both its instant and its id.
   */
  #accept(release: CurrentRelease): void {
    const image = this.#getImage(release.name);
    const known = image.tags.get(release.tag);
    if (known !== undefined && release.acceptedAt < known.acceptedAt && release.pushId < known.pushId) return;
    image.setRelease(release);
    this.#tellChange(release.name);
  }

  /** Until the store has said what the tag meant before, the withdrawn push stays its meaning: never an older digest. */
  async #restoreRelease(event: Pick<CurrentRelease, 'name' | 'tag' | 'pushId'>): Promise<void> {
    const earlier = await this.#source.findRelease(event.name, event.tag);
    if (this.#findRelease(event) === undefined) return;
    if (earlier === undefined) this.#images.get(event.name)?.removeRelease(event.tag);
    else this.#getImage(event.name).setRelease(earlier);
    this.#dropIfEmpty(event.name);
    this.#tellChange(event.name);
  }

  /** What a push's tag means, as long as that push is the one that gave it its meaning. */
  #findRelease(push: Pick<CurrentRelease, 'name' | 'tag' | 'pushId'>): CurrentRelease | undefined {
    const release = this.#images.get(push.name)?.tags.get(push.tag);
    return release?.pushId === push.pushId ? release : undefined;
  }

  #place(placement: CurrentPlacement): void {
    this.#getImage(placement.name).place(placement);
  }

  #getImage(name: RepositoryName): IndexedImage {
    let image = this.#images.get(name);
    if (image === undefined) {
      image = new IndexedImage(name, this.#nowhere);
      this.#images.set(name, image);
    }
    return image;
  }

  #dropIfEmpty(name: string): void {
    if (this.#images.get(name)?.isEmpty) this.#images.delete(name);
  }

  #tellChange(name: RepositoryName): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(name);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
