import { formatPlatform, parsePlatform } from './platform.ts';

/**
 * Which platforms of an image are meant, as text: sorted, each once, with commas between; empty for all of them. Equal
 * texts are equal sets.
 */
export type PlatformSet = string & { readonly __brand: 'PlatformSet' };

export const ALL_PLATFORMS = '' as PlatformSet;

/** `[linux/arm64, linux/amd64]` → `linux/amd64,linux/arm64`; an empty list means all. Throws `validation_failed`. */
export function platformSetOf(platforms: readonly string[]): PlatformSet {
  if (platforms.length === 0) return ALL_PLATFORMS;
  const texts = platforms.map((platform) => formatPlatform(parsePlatform(platform)));
  return [...new Set(texts)].sort().join(',') as PlatformSet;
}

/** The platforms in it; none for all. */
export function platformsIn(set: PlatformSet): readonly string[] {
  return set === ALL_PLATFORMS ? [] : set.split(',');
}
