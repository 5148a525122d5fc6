import { Failure } from '../../kernel/failure.ts';
import { comparePatterns, matchesPattern } from '../../kernel/pattern.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import { findCollision, registryRepository } from '../../regions/registry-repository.ts';
import type { DistributeRule, RegistryEntry, World } from '../../regions/world.ts';

/**
 * Where a release goes: exactly the registries that were named, or else the home registries, the relay that the
 * choice names now and the image's standbys; not the border crossings when the image's rules keep the tag at home.
 * Without a tag they are where some tag of the image may go.
 * Throws `registry_unknown`, and `validation_failed` for a registry that is switched off.
 */
export function chooseTargets(
  world: World,
  image: { name: RepositoryName; tag: Tag | undefined },
  chosen: string | undefined,
  asked: readonly string[] | undefined,
): readonly RegistryEntry[] {
  if (asked !== undefined) return [...new Set(asked)].map((name) => getEnabled(world, name));
  const { name, tag } = image;
  const crosses = tag === undefined ? mayBeDistributed(world, name) : isDistributed(world, { name, tag });
  const relays = crosses ? [...(chosen === undefined ? [] : [chosen]), ...standbysOf(world, name)] : [];
  return world.registries.filter(
    (registry) => registry.enabled && (registry.role === 'home' || relays.includes(registry.name)),
  );
}

function getEnabled(world: World, name: string): RegistryEntry {
  const registry = world.registries.find((entry) => entry.name === name);
  if (registry === undefined) {
    throw new Failure(
      'registry_unknown',
      `there is no registry "${name.slice(0, 100)}"; there are: ${world.registries.map((entry) => entry.name).join(', ')}`,
    );
  }
  if (!registry.enabled)
    throw new Failure('validation_failed', `registry ${name} is switched off in the configuration`, {
      errors: [{ path: 'targets', detail: `${name} is switched off` }],
    });
  return registry;
}

/** Does the most specific `distribute` rule of the image let this tag cross the border? No rule at all lets it. */
export function isDistributed(world: World, image: { name: RepositoryName; tag: Tag }): boolean {
  const rule = findRule(world, image.name);
  if (rule === undefined) return true;
  return (
    rule.tags.some((pattern) => matchesPattern(pattern, image.tag)) &&
    !rule.except.some((pattern) => matchesPattern(pattern, image.tag))
  );
}

/** Can there be a tag of the image that crosses the border? */
export function mayBeDistributed(world: World, name: RepositoryName): boolean {
  const rule = findRule(world, name);
  return rule === undefined || (rule.tags.length > 0 && !rule.except.includes('*'));
}

function findRule(world: World, name: RepositoryName): DistributeRule | undefined {
  return [...world.distribute]
    .sort((a, b) => comparePatterns(a.pattern, b.pattern))
    .find((entry) => matchesPattern(entry.pattern, name));
}

export function standbysOf(world: World, name: RepositoryName): readonly string[] {
  const entry = [...world.standby]
    .sort((a, b) => comparePatterns(a.pattern, b.pattern))
    .find((each) => matchesPattern(each.pattern, name));
  return entry?.registries ?? [];
}

/** Does a registry receive the image for no other reason than being its standby? */
export function isStandbyOnly(
  world: World,
  name: RepositoryName,
  registry: string,
  chosen: string | undefined,
): boolean {
  const role = world.registries.find((entry) => entry.name === registry)?.role;
  return role === 'relay' && registry !== chosen && standbysOf(world, name).includes(registry);
}

/** Refuses targets where another image already has the repository that this one would get. Throws `name_collision`. */
export function checkCollisions(
  targets: readonly RegistryEntry[],
  name: RepositoryName,
  images: Iterable<RepositoryName>,
): void {
  for (const target of targets) {
    const other = findCollision(target, name, images);
    if (other === undefined) continue;
    throw new Failure(
      'name_collision',
      `${name} and ${other} would both be ${registryRepository(target, name)} at ${target.name}, which has flat names; rename one of them`,
      {
        errors: [
          { path: 'image', detail: `${other} has the name ${registryRepository(target, name)} at ${target.name}` },
        ],
      },
    );
  }
}
