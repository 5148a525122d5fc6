import type { PlacementRecord, ReleaseRecord } from './push-record.ts';

/** Is it what a tag means: the same digest of the source, and the same platforms of it? */
export function isMeantBy(
  release: Pick<ReleaseRecord, 'digest' | 'platformSet'> | undefined,
  { sourceDigest, platformSet }: Pick<PlacementRecord, 'sourceDigest' | 'platformSet'>,
): boolean {
  return release?.digest === sourceDigest && release.platformSet === platformSet;
}
