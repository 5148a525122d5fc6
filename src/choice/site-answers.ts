import { type Failure, isFailure } from '../kernel/failure.ts';
import type { OpenedResolver } from './open-resolver.ts';
import type { ReleaseIndex } from './release-index.ts';
import type { Resolution } from './resolution.ts';

/** What one cluster is answered for one image, `name:tag` or `name@digest`: where to pull it, or why nowhere. */
export type SiteAnswer = {
  readonly cluster: string;
  readonly image: string;
} & ({ readonly resolution: Resolution } | { readonly failure: Failure });

/** Everything that these clusters can ask for and be answered as of now, ordered by cluster and image. */
export function* listSiteAnswers(
  clusters: Iterable<{ readonly name: string }>,
  index: Pick<ReleaseIndex, 'images'>,
  resolver: Pick<OpenedResolver, 'look'>,
): Generator<SiteAnswer> {
  const images: string[] = [];
  for (const image of index.images()) {
    for (const tag of image.tags.keys()) images.push(`${image.name}:${tag}`);
    for (const digest of image.digestNames()) images.push(`${image.name}@${digest}`);
  }
  images.sort();
  for (const { name: cluster } of clusters) {
    for (const image of images) {
      try {
        yield { cluster, image, resolution: resolver.look({ image, cluster }) };
      } catch (error) {
        if (!isFailure(error)) throw error;
        yield { cluster, image, failure: error };
      }
    }
  }
}
