import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryAccess } from '../../api/v2/registry-access.ts';
import { openRegistryListener } from '../../api/v2/registry-listener.ts';
import { findRoute, type Route } from '../../api/v2/route.ts';
import { isRepositoryName } from '../../oci/repository-name.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ReleasedImages } from './released-images.ts';

export type ReleaseDoorOptions = {
  readonly images: ReleasedImages;
  readonly access: RegistryAccess;
  readonly mayBePushing: (incoming: IncomingMessage, repository: string) => Promise<boolean>;
  readonly log: Log;
};

export type ReleaseDoor = {
  /** Answers reads of released images; false for what it leaves to others. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean>;
  close(): void;
};

const READ: ReadonlySet<Route['kind']> = new Set(['manifest', 'blob', 'tags', 'referrers']);

/**
 * What is pulled of released images by callers that name no cluster. Nobody is sent elsewhere for a
 * blob: where such a caller is, and what it can reach, is not known.
 */
export function openReleaseDoor({ images, access, mayBePushing, log }: ReleaseDoorOptions): ReleaseDoor {
  const listener = openRegistryListener({ storage: images.reads, access, log });

  /** Told from what is in memory: before it is known who asks nothing is looked up. */
  async function isFromHere(incoming: IncomingMessage): Promise<boolean> {
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return false;
    const route = findRoute((incoming.url ?? '/').split('?', 1)[0] ?? '/');
    if (route === undefined || !('repository' in route) || !READ.has(route.kind)) return false;
    const { repository } = route;
    if (!isRepositoryName(repository) || !images.isReleased(repository)) return false;
    // By HEAD clients ask what they need not send, and have to send what only a registry has.
    return incoming.method === 'GET' || !(await mayBePushing(incoming, repository));
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
