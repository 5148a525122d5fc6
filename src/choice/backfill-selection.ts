import type { RepositoryName } from '../oci/repository-name.ts';
import type { BackfillRelease } from './backfill.ts';
import type { IndexedDigest } from './indexed-digest.ts';
import type { CurrentRelease } from './release-source.ts';

/** What a release is, whatever its tags: the source's digest, and what of it is carried. */
export type CarriedContent = Pick<IndexedDigest, 'sourceDigest' | 'platformSet'>;

export type BackfillCandidates = {
  readonly name: RepositoryName;
  /** What the image's tags mean now, in any order. */
  readonly releases: Iterable<CurrentRelease>;
  /** What clusters resolved lately and is placed somewhere, so that it can be carried. */
  readonly used: readonly CarriedContent[];
  /** How many of the newest tags go along. */
  readonly newest: number;
  /** Which of them are meant: those that the new registry lacks, or those that it has. */
  readonly isWanted: (content: CarriedContent) => boolean;
};

/**
 * Which releases of an image a choice carries to its new registry: the newest tags, then whatever a cluster used
 * lately however old it is; of these, the ones that are wanted. A tag whose digest is not known yet counts as one of the
 * newest but cannot go along. Newest first; what no tag means any more comes last.
 */
export function selectBackfill(image: BackfillCandidates): readonly BackfillRelease[] {
  const releases = [...image.releases].sort(compareNewest);
  const chosen = new Set(releases.slice(0, image.newest));
  const carried = new Set([...chosen].map(keyOf));
  const newestByContent = new Map(releases.toReversed().map((release) => [keyOf(release), release]));
  const untagged: BackfillRelease[] = [];
  for (const { sourceDigest: digest, platformSet } of image.used) {
    const key = keyOf({ digest, platformSet });
    if (carried.has(key)) continue;
    carried.add(key);
    const release = newestByContent.get(key);
    if (release !== undefined) chosen.add(release);
    else untagged.push({ name: image.name, tag: null, digest, platformSet, acceptedAt: null });
  }
  const tagged = releases.flatMap((release) => {
    const { name, tag, digest, platformSet, acceptedAt } = release;
    return digest !== null && chosen.has(release) ? [{ name, tag, digest, platformSet, acceptedAt }] : [];
  });
  return [...tagged, ...untagged].filter(({ digest, platformSet }) =>
    image.isWanted({ sourceDigest: digest, platformSet }),
  );
}

function keyOf({ digest, platformSet }: Pick<CurrentRelease, 'digest' | 'platformSet'>): string {
  return `${digest} ${platformSet}`;
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
