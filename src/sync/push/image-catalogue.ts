import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { PlacementRecord, ReleaseRecord } from './push-record.ts';
import type { Page, Paged } from './push-store.ts';

export type ImageSummary = { readonly name: RepositoryName; readonly tags: number; readonly pushedAt: number };

export type ImageFilter = { readonly prefix?: string; readonly patterns?: readonly string[] };

/** Reading what has been released: for lists and pages, not for resolve, which answers from memory. */
export type ImageCatalogue = {
  /** By name; `prefix` restricts to names that begin so, `patterns` to those that one of them matches. */
  listImages(filter: ImageFilter, page: Page): Promise<Paged<ImageSummary>>;
  findImage(name: RepositoryName): Promise<ImageSummary | undefined>;
  /** The tags of an image with what each means now, newest accepted first. */
  listReleases(name: RepositoryName, page: Page): Promise<Paged<ReleaseRecord>>;
  /** Everything a tag has meant, newest first. */
  releaseHistory(name: RepositoryName, tag: Tag, page: Page): Promise<Paged<ReleaseRecord>>;
  placementsOf(name: RepositoryName, sourceDigests: readonly Digest[]): Promise<readonly PlacementRecord[]>;
  /** For the answers kept in memory: images by name, some after `after` at a time; none where there are no more. */
  imageNames(after: string): readonly RepositoryName[];
  /** What every tag of an image means now. */
  currentReleases(name: RepositoryName): Iterable<ReleaseRecord>;
  /** Every placement of an image. */
  currentPlacements(name: RepositoryName): Iterable<PlacementRecord>;
};
