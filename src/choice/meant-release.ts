import { Failure } from '../kernel/failure.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageReference, parseImageReference } from '../oci/reference.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { PlacedDigest } from './indexed-image.ts';
import type { ReleaseIndex } from './release-index.ts';

/** What a request means: one source digest of one image, whether that is placed or not. */
export type MeantRelease = {
  readonly name: RepositoryName;
  /** Null when it was asked for by digest. */
  readonly tag: Tag | null;
  /** Null while the source of the tag's push has not said it. */
  readonly sourceDigest: Digest | null;
  /** Undefined while it is placed nowhere. */
  readonly placed: PlacedDigest | undefined;
  /** The push that made it so; null for a digest that no tag means now. */
  readonly pushId: string | null;
};

/** `name:tag` or `name@digest` (a tag beside a digest is only a remark) → its parts, or throws `validation_failed`. */
export function parseRequestedImage(text: string): ImageReference {
  const image = parseImageReference(text);
  if (image.tag === null && image.digest === null) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" needs a tag or a digest, such as ${text.slice(0, 160)}:1.2.3`,
    );
  }
  return image;
}

/** Throws `image_unknown`, `tag_unknown`, `digest_unknown`. */
export function getMeantRelease(index: Pick<ReleaseIndex, 'findImage'>, requested: ImageReference): MeantRelease {
  const { name, tag, digest } = requested;
  const image = index.findImage(name);
  if (image === undefined) throw new Failure('image_unknown', `no image ${name} was ever pushed`);
  if (digest === null) {
    const release = image.tags.get(tag ?? '');
    if (release === undefined) throw new Failure('tag_unknown', `image ${name} has no tag ${tag}`);
    const placed = release.digest === null ? undefined : image.findPlaced(release.digest);
    return { name: image.name, tag: release.tag, sourceDigest: release.digest, placed, pushId: release.pushId };
  }
  const placed = image.findPlacedByAnyDigest(digest);
  if (placed !== undefined)
    return { name: image.name, tag: null, sourceDigest: placed.sourceDigest, placed, pushId: null };
  // Known but placed nowhere is another answer than unknown: it will come.
  const release = image.tags.values().find((known) => known.digest === digest);
  if (release === undefined) throw new Failure('digest_unknown', `image ${name} has no release with digest ${digest}`);
  return { name: image.name, tag: null, sourceDigest: digest, placed: undefined, pushId: release.pushId };
}
