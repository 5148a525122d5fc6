import type { RepositoryName } from '../../oci/repository-name.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { CopyTarget } from '../copy/copy-target.ts';
import { chooseTargets, mayBeDistributed } from './push-targets.ts';
import type { SyncContext } from './sync-context.ts';

export type EarlyTarget = {
  readonly target: CopyTarget;
  /** What the image is called there. */
  readonly repository: RepositoryName;
};

/** Where blobs of an image go before there is a push of it: wherever some tag of the image would go now. */
export function findEarlyTargets(
  { world, chosenRelay, directory }: Pick<SyncContext, 'world' | 'chosenRelay' | 'directory'>,
  name: RepositoryName,
): readonly EarlyTarget[] {
  if (!mayBeDistributed(world, name)) return [];
  return chooseTargets(world, { name, tag: undefined }, chosenRelay(name), undefined).flatMap((entry) => {
    const target = directory.registry(entry.name)?.target;
    return target === undefined ? [] : [{ target, repository: registryRepository(entry, name) }];
  });
}
