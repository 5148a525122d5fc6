import type { CurrentPlacement, CurrentRelease, ReleaseSource } from '../../src/choice/release-source.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { platformSetOf } from '../../src/oci/platform-set.ts';
import { parseRelease } from '../../src/oci/reference.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';

/** The digest of a word, so that tests can speak of digests by words. */
export function digestFor(word: string): Digest {
  return digestOf(Buffer.from(word));
}

/** `team/app:1.0` means the digest of `word`, or the named platforms of it; null for not known yet. */
export function release(
  image: string,
  word: string | null,
  pushId: string,
  acceptedAt = 1_000,
  platforms: readonly string[] = [],
): CurrentRelease {
  const digest = word === null ? null : digestFor(word);
  return { ...parseRelease(image), digest, platformSet: platformSetOf(platforms), pushId, acceptedAt };
}

/** The digest of `word` is at a registry, there rewritten to that of `own` when one is given. */
export function placement(
  name: string,
  word: string,
  registry: string,
  own = word,
  verifiedAt = 2_000,
  platforms: readonly string[] = [],
): CurrentPlacement {
  return {
    registry,
    name: parseRepositoryName(name),
    sourceDigest: digestFor(word),
    platformSet: platformSetOf(platforms),
    digest: digestFor(own),
    verifiedAt,
  };
}

/** A store that holds these, as the index of releases reads it. */
export function releaseSourceOf(held: {
  readonly releases?: readonly CurrentRelease[];
  readonly placements?: readonly CurrentPlacement[];
}): Omit<ReleaseSource, 'findRelease'> {
  const { releases = [], placements = [] } = held;
  const names = [...new Set([...releases, ...placements].map(({ name }) => name))].sort();
  return {
    imageNames: (after) => names.filter((name) => name > after).slice(0, 2),
    currentReleases: (name) => releases.filter((release) => release.name === name),
    currentPlacements: (name) => placements.filter((placement) => placement.name === name),
  };
}
