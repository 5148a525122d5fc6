import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryAccess } from '../../api/v2/registry-access.ts';
import { openRegistryListener } from '../../api/v2/registry-listener.ts';
import { findRoute } from '../../api/v2/route.ts';
import { isDigest } from '../../oci/digest.ts';
import { isRepositoryName } from '../../oci/repository-name.ts';
import { isTag } from '../../oci/tag.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ReleasedImages } from './released-images.ts';

export type ReleaseDoorOptions = {
  readonly images: ReleasedImages;
  readonly access: RegistryAccess;
  readonly mayBePushing: (incoming: IncomingMessage, repository: string) => Promise<boolean>;
  readonly log: Log;
};

export type ReleaseDoor = {
  /** Answers reads of what is released and not at the door; false for what it leaves to others. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean>;
  close(): void;
};

/**
 * What is pulled by callers that name no cluster, where the door itself does not have it. Nobody is sent elsewhere for a
 * blob: where such a caller is, and what it can reach, is not known.
 */
export function openReleaseDoor({ images, access, mayBePushing, log }: ReleaseDoorOptions): ReleaseDoor {
  const listener = openRegistryListener({ storage: images.reads, access, log });

  async function isFromHere(incoming: IncomingMessage): Promise<boolean> {
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return false;
    const route = findRoute((incoming.url ?? '/').split('?', 1)[0] ?? '/');
    if (route === undefined || route.kind === 'ping' || !isRepositoryName(route.repository)) return false;
    const { repository } = route;
    // By HEAD clients ask what they need not send, and have to send what only a registry has.
    if (incoming.method === 'HEAD' && (await mayBePushing(incoming, repository))) return false;
    switch (route.kind) {
      case 'manifest': {
        const { reference } = route;
        return (isDigest(reference) || isTag(reference)) && images.isManifestFromHere(repository, reference);
      }
      case 'blob':
        return isDigest(route.digest) && images.isBlobFromHere(repository, route.digest);
      case 'referrers':
        return isDigest(route.digest) && images.areReferrersFromHere(repository, route.digest);
      case 'tags':
        return images.isReleased(repository);
      default:
        return false;
    }
  }

  return {
    async answer(incoming, outgoing) {
      if (!(await isFromHere(incoming))) return false;
      listener(incoming, outgoing);
      return true;
    },
    close: () => listener.close(),
  };
}
