import type { IndexedDigest } from '../../choice/indexed-digest.ts';
import type { ReleaseIndex } from '../../choice/release-index.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { PullView } from '../../pull/image-pulls.ts';
import type { PullHolder } from '../../pull/pull-holder.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { World } from '../../regions/world.ts';
import type { RegistryDirectory } from '../../sync/push/registry-directory.ts';

/**
 * What somebody pulls from who is no cluster: every registry that holds something of the image, those at home first, then
 * in the order of the configuration. Nothing is chosen for such a caller, and nothing is known of where it is.
 */
export function releaseView(deps: {
  readonly world: Pick<World, 'registries'>;
  readonly index: Pick<ReleaseIndex, 'findImage'>;
  readonly directory: Pick<RegistryDirectory, 'registry'>;
  readonly depotHolder: (image: RepositoryName) => PullHolder;
}): PullView {
  const { world, index, directory, depotHolder } = deps;

  function enabled(): readonly string[] {
    const usable = world.registries.filter(({ enabled }) => enabled);
    const isHome = ({ role }: (typeof usable)[number]) => role === 'home';
    return [...usable.filter(isHome), ...usable.filter((entry) => !isHome(entry))].map(({ name }) => name);
  }

  /** The source's digest where a registry has that, and else what it was rewritten to at the first. */
  function digestOf(meant: IndexedDigest): ReturnType<IndexedDigest['digestAt']> | undefined {
    const positions = enabled()
      .map((registry) => meant.findPosition(registry))
      .filter((position) => position >= 0);
    const digests = positions.map((position) => meant.digestAt(position));
    return digests.find((digest) => digest === meant.sourceDigest) ?? digests[0];
  }

  function findHolding(image: RepositoryName): readonly string[] {
    const found = index.findImage(image);
    const usable = enabled();
    const holding = new Set<string>();
    for (const digest of found?.digestNames() ?? []) {
      for (const registry of found?.findDigest(digest)?.registries ?? []) holding.add(registry);
      if (usable.every((registry) => holding.has(registry))) break;
    }
    return usable.filter((registry) => holding.has(registry));
  }

  return {
    findTag(image, tag) {
      const meant = index.findImage(image)?.tags.get(tag)?.meant;
      return meant ? digestOf(meant) : undefined;
    },
    listTags(image) {
      const found = index.findImage(image);
      return found === undefined
        ? undefined
        : [...found.tags.values()].filter(({ meant }) => meant?.isPlaced).map(({ tag }) => tag);
    },
    holders(image) {
      const registries = findHolding(image).flatMap((registry) => {
        const found = directory.registry(registry);
        if (found === undefined) return [];
        return [{ registry, repository: registryRepository(found.entry, image), client: found.target.client }];
      });
      return registries.length === 0 ? [] : [...registries, depotHolder(image)];
    },
  };
}
