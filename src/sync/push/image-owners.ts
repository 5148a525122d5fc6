import type { RepositoryName } from '../../oci/repository-name.ts';

/** All blobs of an image that cross before there is a push of it share places with others as one. */
export class ImageOwners {
  readonly #owners = new Map<RepositoryName, object>();

  of(name: RepositoryName): object {
    const owner = this.#owners.get(name) ?? {};
    this.#owners.set(name, owner);
    return owner;
  }
}
