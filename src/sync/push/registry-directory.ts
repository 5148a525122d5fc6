import type { RegistryEntry, SourceEntry } from '../../regions/world.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import type { CopyTarget } from '../copy/copy-target.ts';

/** The configured registries and sources as things that can be talked to. Opening costs nothing until the first request. */
export type RegistryDirectory = {
  registry(name: string): { readonly entry: RegistryEntry; readonly target: CopyTarget } | undefined;
  source(key: string): { readonly entry: SourceEntry; readonly client: RegistryClient } | undefined;
};
