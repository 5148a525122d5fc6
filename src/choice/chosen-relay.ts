import { Failure } from '../kernel/failure.ts';
import type { RegistryEntry } from '../regions/world.ts';

/** Throws unless `name` is a registry that may be chosen: `registry_unknown`, or `validation_failed` saying why not. */
export function checkChosenRelay(registries: readonly RegistryEntry[], name: string): void {
  const registry = registries.find((entry) => entry.name === name);
  if (registry === undefined) {
    const relays = registries.filter((entry) => entry.role === 'relay' && entry.enabled).map((entry) => entry.name);
    throw new Failure(
      'registry_unknown',
      `"${name.slice(0, 160)}" is no configured registry; relays are ${relays.join(', ') || 'none'}`,
    );
  }
  if (registry.role === 'home') {
    throw new Failure(
      'validation_failed',
      `${name} is a home registry: it gets every image anyway, only a relay can be chosen`,
    );
  }
  if (!registry.enabled) {
    throw new Failure('validation_failed', `${name} is disabled in the configuration and cannot be chosen`);
  }
}
