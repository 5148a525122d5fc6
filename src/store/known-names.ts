import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts';

/** The names of images as they are met in many rows: each is checked once, and one text stands for all of its rows. */
export class KnownNames {
  readonly #names = new Map<unknown, RepositoryName>();

  /** Undefined for what is no repository name. */
  find(value: unknown): RepositoryName | undefined {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (typeof value !== 'string' || !isRepositoryName(value)) return undefined;
    this.#names.set(value, value);
    return value;
  }
}
