import { matchesPattern } from '../kernel/pattern.ts';
import { isDigest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { World } from '../regions/world.ts';
import type { BackfillRelease } from './backfill.ts';
import { compareBackfill, selectBackfill } from './backfill-selection.ts';
import type { ChoiceStore } from './choice-store.ts';
import { isPatternSubject } from './choice-subject.ts';
import type { IndexedDigest } from './indexed-digest.ts';
import type { IndexedImage } from './indexed-image.ts';
import type { ReleaseIndex } from './release-index.ts';

export type CarryOverSources = {
  readonly index: Pick<ReleaseIndex, 'findImage' | 'images'>;
  readonly store: Pick<ChoiceStore, 'usedSince'>;
  readonly backfill: World['backfill'];
  /** Does a release leave home at all? */
  readonly mayCross: MayCross;
};

export type MayCross = (release: { readonly name: RepositoryName; readonly tag: Tag }) => boolean;

export type CarryOverQuestion = {
  readonly subject: string;
  /** Where an image of the subject moves to; undefined where it does not move. */
  readonly registryOf: (name: string) => string | undefined;
  /** When the choice was made, milliseconds since the epoch. */
  readonly at: number;
  /** Only what was released by then: later releases went to the new registry by themselves. */
  readonly acceptedBy: number;
  /** What the new registry lacks and has to be carried, or what it has. */
  readonly which: 'lacking' | 'placed';
};

/** The live releases that a choice about `subject` concerns, by the registry they go to; newest first in each. */
export async function findCarryOver(
  sources: CarryOverSources,
  question: CarryOverQuestion,
): Promise<ReadonlyMap<string, readonly BackfillRelease[]>> {
  const byRegistry = new Map<string, BackfillRelease[]>();
  for (const image of findImages(sources.index, question.subject)) {
    const registry = question.registryOf(image.name);
    if (registry === undefined) continue;
    const selected = await selectOfImage(image, registry, sources, question);
    if (selected.length === 0) continue;
    const carried = byRegistry.get(registry);
    if (carried === undefined) byRegistry.set(registry, [...selected]);
    else carried.push(...selected);
  }
  for (const carried of byRegistry.values()) carried.sort(compareBackfill);
  return byRegistry;
}

async function selectOfImage(
  image: IndexedImage,
  registry: string,
  { store, backfill, mayCross }: CarryOverSources,
  { at, acceptedBy, which }: CarryOverQuestion,
): Promise<readonly BackfillRelease[]> {
  const uses = await store.usedSince(image.name, at - backfill.usedWithinMs);
  const released = [...image.tags.values()].filter((release) => release.acceptedAt <= acceptedBy);
  const releases = released.filter(mayCross);
  const atHomeOnly = new Set(released.map(({ meant }) => meant));
  for (const { meant } of releases) atHomeOnly.delete(meant);
  const used = uses.flatMap(({ digest }) => findPlaced(image, digest));
  return selectBackfill({
    name: image.name,
    releases,
    used: used.filter((content) => !atHomeOnly.has(content)),
    newest: backfill.releases,
    isWanted: (content) => image.hasPlacement(registry, content) === (which === 'placed'),
  });
}

/** A use names the source's digest alone: it speaks for whatever of that is placed. */
function findPlaced(image: IndexedImage, digest: string): readonly IndexedDigest[] {
  const found = isDigest(digest) ? image.findAll(digest) : [];
  const placed = found.filter(({ isPlaced }) => isPlaced);
  return placed.length > 0 ? placed : found;
}

function findImages(index: CarryOverSources['index'], subject: string): readonly IndexedImage[] {
  if (isPatternSubject(subject)) return [...index.images()].filter((image) => matchesPattern(subject, image.name));
  const image = index.findImage(subject);
  return image === undefined ? [] : [image];
}
