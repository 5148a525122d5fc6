/**
 * Which registries hold something, sorted by name. Equal lists are the same object: a hundred thousand digests are
 * held by a handful of different sets of registries. Lists are found by walking from the empty one, a name at a time.
 */
export class RegistryList {
  readonly names: readonly string[];
  readonly #root: RegistryList;
  readonly #longer = new Map<string, RegistryList>();

  constructor(names: readonly string[] = [], root?: RegistryList) {
    this.names = names;
    this.#root = root ?? this;
  }

  with(name: string): RegistryList {
    if (this.names.includes(name)) return this;
    const last = this.names.at(-1);
    if (last !== undefined && last > name) return this.#root.#walk([...this.names, name].sort());
    let longer = this.#longer.get(name);
    if (longer === undefined) {
      longer = new RegistryList([...this.names, name], this.#root);
      this.#longer.set(name, longer);
    }
    return longer;
  }

  without(name: string): RegistryList {
    return this.#root.#walk(this.names.filter((other) => other !== name));
  }

  #walk(sorted: readonly string[]): RegistryList {
    return sorted.reduce<RegistryList>((list, name) => list.with(name), this);
  }
}
