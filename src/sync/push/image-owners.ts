import type { RepositoryName } from '../../oci/repository-name.ts';

/**
 * All blobs of an image that cross before there is a push of it share places with others as one: whoever moves or waits
 * holds its owner, and the last one takes it along.
 */
export class ImageOwners {
  readonly #owners = new Map<RepositoryName, WeakRef<object>>();
  readonly #ended = new FinalizationRegistry<RepositoryName>((name) => {
    if (this.#owners.get(name)?.deref() === undefined) this.#owners.delete(name);
  });

  get size(): number {
    return this.#owners.size;
  }

  of(name: RepositoryName): object {
    const known = this.#owners.get(name)?.deref();
    if (known !== undefined) return known;
    const owner = {};
    this.#owners.set(name, new WeakRef(owner));
    this.#ended.register(owner, name);
    return owner;
  }
}
