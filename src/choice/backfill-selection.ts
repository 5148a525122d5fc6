import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BackfillRelease } from './backfill.ts';
import type { CurrentRelease } from './release-source.ts';

export type BackfillCandidates = {
  readonly name: RepositoryName;
  /** What the image's tags mean now, in any order. */
  readonly releases: Iterable<CurrentRelease>;
  /** Source digests that clusters resolved lately and that are placed somewhere, so that they can be carried. */
  readonly used: readonly Digest[];
  /** How many of the newest tags go along. */
  readonly newest: number;
  /** Which of them are meant: those that the new registry lacks, or those that it has. */
  readonly isWanted: (digest: Digest) => boolean;
};

/**
 * Which releases of an image a choice carries to its new registry: the newest tags, then whatever a cluster used
 * lately however old it is; of these, the ones that are wanted. A tag whose digest is not known yet counts as one of the
 * newest but cannot go along. Newest first; what no tag means any more comes last.
 */
export function selectBackfill(image: BackfillCandidates): readonly BackfillRelease[] {
  const releases = [...image.releases].sort(compareNewest);
  const chosen = new Set(releases.slice(0, image.newest));
  const carried = new Set([...chosen].map((release) => release.digest));
  const newestByDigest = new Map(releases.toReversed().map((release) => [release.digest, release]));
  const untagged: BackfillRelease[] = [];
  for (const digest of image.used) {
    if (carried.has(digest)) continue;
    carried.add(digest);
    const release = newestByDigest.get(digest);
    if (release !== undefined) chosen.add(release);
    else untagged.push({ name: image.name, tag: null, digest, acceptedAt: null });
  }
  const tagged = releases.flatMap((release) => {
    const { name, tag, digest, acceptedAt } = release;
    return digest !== null && chosen.has(release) ? [{ name, tag, digest, acceptedAt }] : [];
  });
  return [...tagged, ...untagged].filter((release) => image.isWanted(release.digest));
}

/** Orders what was selected for several images as one: newest first. */
export function compareBackfill(a: BackfillRelease, b: BackfillRelease): number {
  return (b.acceptedAt ?? 0) - (a.acceptedAt ?? 0);
}

function compareNewest(a: CurrentRelease, b: CurrentRelease): number {
  return (
    b.acceptedAt - a.acceptedAt ||
    (a.pushId === b.pushId ? 0 : a.pushId < b.pushId ? 1 : -1) ||
    (a.tag < b.tag ? -1 : 1)
  );
}
