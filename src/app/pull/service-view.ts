import type { OpenedResolver } from '../../choice/open-resolver.ts';
import type { ReleaseIndex } from '../../choice/release-index.ts';
import { isFailure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { PullView } from '../../pull/image-pulls.ts';
import type { PullHolder } from '../../pull/pull-holder.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryDirectory } from '../../sync/push/registry-directory.ts';

/** What a cluster pulls from, by the service's own answers. */
export function serviceView(
  cluster: string,
  deps: {
    readonly resolver: Pick<OpenedResolver, 'resolve' | 'order'>;
    readonly index: Pick<ReleaseIndex, 'findImage'>;
    readonly directory: Pick<RegistryDirectory, 'registry'>;
    /** Asked when no registry gives what is pulled. */
    readonly depotHolder: (image: RepositoryName) => PullHolder;
  },
): PullView {
  return {
    findTag(image, tag) {
      try {
        return deps.resolver.resolve({ image: `${image}:${tag}`, cluster }).digest;
      } catch (error) {
        if (isFailure(error, 'image_unknown', 'tag_unknown', 'not_placed')) return undefined;
        throw error;
      }
    },
    listTags(image) {
      const found = deps.index.findImage(image);
      return found === undefined ? undefined : [...found.tags.values()].map(({ tag }) => tag);
    },
    holders(image) {
      if (deps.index.findImage(image) === undefined) return [];
      const registries = deps.resolver.order(cluster, image).flatMap((registry) => {
        const found = deps.directory.registry(registry);
        if (found === undefined) return [];
        return [{ registry, repository: registryRepository(found.entry, image), client: found.target.client }];
      });
      return [...registries, deps.depotHolder(image)];
    },
  };
}
