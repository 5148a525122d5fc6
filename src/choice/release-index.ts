import { setImmediate } from 'node:timers/promises';
import type { EntrepotEvent } from '../events/event.ts';
import type { EventBus } from '../events/event-bus.ts';
import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { IndexedImage } from './indexed-image.ts';
import { RegistryList } from './registry-list.ts';
import type { CurrentPlacement, CurrentRelease, ReleaseSource } from './release-source.ts';

type Changes = (name: RepositoryName) => void;

/** So many rows are read in a few milliseconds; then others have their turn. */
const ROWS_AT_A_TIME = 500;

/**
 * What every tag means and where every digest is, in memory, kept true by events. An image is read from the store when
 * it is first asked for, or told of; `fill` reads the others, so that a start need not wait for a hundred thousand
 * releases. Answers are the same before and after.
 */
export class ReleaseIndex {
  readonly #source: ReleaseSource;
  readonly #onError: (error: unknown) => void;
  readonly #images = new Map<string, IndexedImage>();
  readonly #nowhere = new RegistryList();
  readonly #listeners = new Set<Changes>();
  readonly #unsubscribe: () => void;
  /** Are all images of the store here, so that one that is not is unknown? */
  #isWhole = false;
  #isClosed = false;
  /** Until all is here: what was read, or found not to be there. Events keep it true from then on. */
  readonly #seen = new Set<string>();

  /** Subscribes at once: what is read later is as of then, and events that it already has change nothing. */
  constructor(options: { source: ReleaseSource; events: EventBus; onError?: (error: unknown) => void }) {
    this.#source = options.source;
    this.#onError = options.onError ?? (() => {});
    this.#unsubscribe = options.events.on('*', (event) => this.#hear(event));
  }

  /** Undefined for an image that was never pushed. */
  findImage(name: string): IndexedImage | undefined {
    const image = this.#images.get(name);
    if (image !== undefined || this.#isWhole || this.#seen.has(name) || !isRepositoryName(name)) return image;
    return this.#read(name);
  }

  *imageNames(): Generator<RepositoryName> {
    for (const { name } of this.#images.values()) yield name;
    if (!this.#isWhole) yield* this.#unread();
  }

  /** All of them; what `fill` has not read yet is read at once. */
  images(): Iterable<IndexedImage> {
    if (!this.#isWhole) {
      for (const name of this.#unread()) this.#read(name);
      this.#becomeWhole();
    }
    return this.#images.values();
  }

  /** Reads what was not asked for yet, giving way to others again and again. */
  async fill(): Promise<void> {
    let rows = 0;
    for (const name of this.#unread()) {
      const image = new IndexedImage(name, this.#nowhere);
      for (const _ of this.#readInto(image)) {
        rows += 1;
        if (rows % ROWS_AT_A_TIME === 0) await setImmediate();
        if (this.#isWhole || this.#isClosed) return;
      }
      // What was read bit by bit counts only while nobody asked for it, or told of it: then it was read at one moment.
      if (!this.#seen.has(name)) this.#keep(image);
    }
    this.#becomeWhole();
  }

  /** Tells the image's name after each change to what can be answered about it; returns the function that ends it. */
  onChange(listener: Changes): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
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
        this.findImage(event.name)?.withdraw(event.registry, event);
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
    if (earlier === undefined) this.findImage(event.name)?.removeRelease(event.tag);
    else this.#getImage(event.name).setRelease(earlier);
    this.#dropIfEmpty(event.name);
    this.#tellChange(event.name);
  }

  /** What a push's tag means, as long as that push is the one that gave it its meaning. */
  #findRelease(push: Pick<CurrentRelease, 'name' | 'tag' | 'pushId'>): CurrentRelease | undefined {
    const release = this.findImage(push.name)?.tags.get(push.tag);
    return release?.pushId === push.pushId ? release : undefined;
  }

  #place(placement: CurrentPlacement): void {
    this.#getImage(placement.name).place(placement);
  }

  #getImage(name: RepositoryName): IndexedImage {
    let image = this.findImage(name);
    if (image === undefined) {
      image = new IndexedImage(name, this.#nowhere);
      this.#images.set(name, image);
    }
    return image;
  }

  #read(name: RepositoryName): IndexedImage | undefined {
    const image = new IndexedImage(name, this.#nowhere);
    for (const _ of this.#readInto(image));
    return this.#keep(image);
  }

  #keep(image: IndexedImage): IndexedImage | undefined {
    this.#seen.add(image.name);
    if (image.isEmpty) return undefined;
    this.#images.set(image.name, image);
    return image;
  }

  #becomeWhole(): void {
    this.#isWhole = true;
    this.#seen.clear();
  }

  /** Yields after each row. */
  *#readInto(image: IndexedImage): Generator<void, void, void> {
    for (const placement of this.#source.currentPlacements(image.name)) yield image.place(placement);
    for (const release of this.#source.currentReleases(image.name)) yield image.setRelease(release);
  }

  *#unread(): Generator<RepositoryName> {
    let names: readonly RepositoryName[] = [];
    do {
      names = this.#source.imageNames(names.at(-1) ?? '');
      for (const name of names) if (!this.#seen.has(name)) yield name;
    } while (names.length > 0);
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
