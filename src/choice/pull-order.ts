import { comparePatterns, matchesPattern } from '../kernel/pattern.ts';
import type { ClusterEntry, RegistryEntry, World } from '../regions/world.ts';
import type { EffectiveChoice } from './choice-record.ts';

/** Which registries a cluster pulls an image from, best first. */
export type PullOrder = {
  /** The state of an answer from the registry that is wanted; from any other it is a fallback. */
  readonly state: 'home' | 'chosen';
  /** What should be taken: the chosen relay, or the first home registry. Null where there is nothing of the kind. */
  readonly wanted: string | null;
  /** The wanted one and why, for sentences: `korea is chosen (revision 3)`. */
  readonly wantedBecause: string;
  /** Why the wanted one cannot be taken whatever it holds, `is disabled`; null when it can. */
  readonly obstacle: string | null;
  readonly registries: readonly RegistryEntry[];
};

export type PullOrderQuestion = {
  readonly cluster: ClusterEntry;
  /** In the order of the configuration. */
  readonly registries: readonly RegistryEntry[];
  readonly choice: EffectiveChoice | undefined;
  /** Relays that receive the image too, best first. */
  readonly standbys: readonly string[];
  /** Relays as the site's measurements rank them, best first. */
  readonly recommended: readonly string[];
};

/** Decides the order; see the rules in docs/how-an-image-is-resolved.md. */
export function pullOrder(question: PullOrderQuestion): PullOrder {
  const usable = question.registries.filter((registry) => registry.enabled);
  const homes = usable.filter((registry) => registry.role === 'home');
  if (question.cluster.pulls === 'home') {
    const wanted = homes[0]?.name ?? null;
    return { state: 'home', wanted, wantedBecause: `${wanted} comes first`, obstacle: null, registries: homes };
  }
  const { choice, standbys, recommended } = question;
  const relays = new Map(usable.filter((registry) => registry.role === 'relay').map((relay) => [relay.name, relay]));
  const names = [...(choice === undefined ? [] : [choice.registry]), ...standbys, ...recommended, ...relays.keys()];
  const ordered = [...new Set(names)].flatMap((name) => relays.get(name) ?? []);
  return {
    state: 'chosen',
    wanted: choice?.registry ?? null,
    wantedBecause: choice === undefined ? 'no registry is chosen for the image' : describeChoice(choice),
    obstacle: choice === undefined ? null : findObstacle(question.registries, choice.registry),
    registries: [...ordered, ...homes],
  };
}

/** The standbys of an image: those of the most specific pattern that matches, as pushes go to them. */
export function findStandbys(standby: World['standby'], name: string): readonly string[] {
  const matching = standby.filter((entry) => matchesPattern(entry.pattern, name));
  return matching.sort((a, b) => comparePatterns(a.pattern, b.pattern))[0]?.registries ?? [];
}

function describeChoice(choice: EffectiveChoice): string {
  const by = choice.source === 'configuration' ? 'by the configuration' : `(revision ${choice.revision})`;
  return `${choice.registry} is chosen ${by}`;
}

function findObstacle(registries: readonly RegistryEntry[], name: string): string | null {
  const registry = registries.find((entry) => entry.name === name);
  if (registry === undefined) return 'is not configured any more';
  if (registry.role !== 'relay') return 'is not a relay registry';
  return registry.enabled ? null : 'is disabled';
}
