import { Failure } from '../kernel/failure.ts';
import { type ImageReference, parseImageReference } from '../oci/reference.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { IndexedDigest } from './indexed-digest.ts';
import type { ReleaseIndex } from './release-index.ts';

/** What a request means: one source digest of one image, whether that is placed or not. */
export type MeantRelease = {
  readonly name: RepositoryName;
  /** Null when it was asked for by digest. */
  readonly tag: Tag | null;
  /** Null while the source of the tag's push has not said the digest. */
  readonly meant: IndexedDigest | null;
  /** The push that gave the tag its meaning; null for a digest that is placed or that no tag means. */
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
    return { name: image.name, tag: release.tag, meant: release.meant, pushId: release.pushId };
  }
  const meant = image.findDigest(digest);
  if (meant === undefined) throw new Failure('digest_unknown', `image ${name} has no release with digest ${digest}`);
  // Known but placed nowhere is another answer than unknown: the push of a tag that means it brings it.
  const bringing = meant.isPlaced ? undefined : image.tags.values().find((release) => release.meant === meant);
  return { name: image.name, tag: null, meant, pushId: bringing?.pushId ?? null };
}
