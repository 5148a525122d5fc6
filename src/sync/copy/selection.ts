import { Failure } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../../oci/platform.ts';
import { ALL_PLATFORMS, type PlatformSet, platformSetOf } from '../../oci/platform-set.ts';

/** What of an image is carried: all of it unless platforms are named; its referrers when asked. */
export type Selection = {
  readonly platforms: readonly Platform[];
  readonly referrers: boolean;
  /** `drop` leaves the attestation manifests of BuildKit out, for registries that refuse them. */
  readonly attestations: 'keep' | 'drop';
};

/** A selection as text, the same text for the same selection. */
export function formatSelection(selection: Selection): string {
  const platforms = selection.platforms.map(formatPlatform).sort().join(',');
  return `platforms=${platforms};referrers=${selection.referrers ? 'yes' : 'no'};attestations=${selection.attestations}`;
}

/** The platforms of a selection that was written so; all where it does not say. */
export function selectedPlatforms(text: string): PlatformSet {
  const platforms = /^platforms=([^;]+);/.exec(text)?.[1];
  return platforms === undefined ? ALL_PLATFORMS : platformSetOf(platforms.split(','));
}

/**
 * BuildKit hangs provenance and SBOMs into the index as children for no platform, each naming the child it speaks of.
 * Source: moby/buildkit docs/attestations/attestation-storage.md.
 */
export function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

/**
 * Which children of an index are carried, in order. An attestation goes where the child goes that it speaks of; a
 * nested index is carried and looked into.
 */
export function selectChildren(
  children: readonly Descriptor[],
  selection: Selection,
  isNested: (child: Descriptor) => boolean,
): readonly Descriptor[] {
  const isWanted = (child: Descriptor) =>
    selection.platforms.length === 0 ||
    isNested(child) ||
    (child.platform !== undefined &&
      selection.platforms.some((asked) => child.platform !== undefined && matchesPlatform(asked, child.platform)));
  const wanted = new Set(children.filter((child) => !isAttestation(child) && isWanted(child)));
  const kept = new Set<string>([...wanted].map((child) => child.digest));
  return children.filter((child) => {
    if (!isAttestation(child)) return wanted.has(child);
    if (selection.attestations === 'drop') return false;
    const subject = child.annotations?.['vnd.docker.reference.digest'];
    return subject === undefined ? selection.platforms.length === 0 : kept.has(subject);
  });
}

/** Throws `platform_missing` when nothing among all children is for a platform that was asked for. */
export function requirePlatforms(children: readonly Descriptor[], { platforms }: Selection): void {
  const offered = children.flatMap((child) =>
    child.platform === undefined || isAttestation(child) ? [] : [child.platform],
  );
  const missing = platforms.find((asked) => !offered.some((platform) => matchesPlatform(asked, platform)));
  if (missing === undefined) return;
  const names = [...new Set(offered.map(formatPlatform))].join(', ');
  throw new Failure(
    'platform_missing',
    `the image has no ${formatPlatform(missing)}; it has ${names || 'no platforms'}`,
    { side: 'source', step: 'manifest read' },
  );
}
