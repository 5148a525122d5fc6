import type { RegistryClient } from '../../../../src/registry/registry-client.ts';
import { type BlobOrigin, registryOrigin } from '../../../../src/sync/copy/blob-origin.ts';
import { REPOSITORY } from './copy-bench.ts';

/** A registry on loopback that is taken for one far away. */
export function farOrigin(client: RegistryClient): BlobOrigin {
  const near = registryOrigin('far/team/app', client, REPOSITORY);
  return {
    ...near,
    async openBlob(digest, range, signal) {
      const opened = await near.openBlob(digest, range, signal);
      return opened === undefined ? undefined : { ...opened, isLongPath: true };
    },
  };
}
