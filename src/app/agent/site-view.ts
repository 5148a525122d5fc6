import type { CopiedAnswers } from '../../choice/copied-answers.ts';
import { isFailure } from '../../kernel/failure.ts';
import { parseImageReference } from '../../oci/reference.ts';
import type { PullView } from '../../pull/image-pulls.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { SiteRegistries } from './site-registries.ts';

/** What a cluster pulls from, by the site's copy of the answers. */
export function siteView(cluster: string, answers: CopiedAnswers, registries: Pick<SiteRegistries, 'find'>): PullView {
  return {
    findTag(image, tag) {
      try {
        return answers.resolve({ image: `${image}:${tag}`, cluster }).digest;
      } catch (error) {
        if (isFailure(error, 'image_unknown', 'tag_unknown', 'not_placed')) return undefined;
        throw error;
      }
    },
    listTags(image) {
      const images = answers.imagesOf(cluster, image);
      if (images.length === 0) return undefined;
      return images.flatMap((each) => parseImageReference(each).tag ?? []);
    },
    holders: (image) =>
      answers.registriesOf(cluster, image).flatMap((registry) => {
        const found = registries.find(registry);
        if (found === undefined) return [];
        return [{ registry, repository: registryRepository(found.entry, image), client: found.client }];
      }),
  };
}
