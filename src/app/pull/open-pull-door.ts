import type { IncomingMessage, ServerResponse } from 'node:http';
import { findPullingCluster } from '../../api/v2/pulling-cluster.ts';
import type { RegistryAccess } from '../../api/v2/registry-access.ts';
import { refuse } from '../../api/v2/registry-answer.ts';
import { openRegistryListener, type RegistryListener } from '../../api/v2/registry-listener.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import { ImagePulls, type ManifestShelf, type PullView } from '../../pull/image-pulls.ts';
import type { KnownCodes } from '../../pull/known-codes.ts';
import type { Log } from '../../telemetry/log.ts';
import { pullStorage } from './pull-storage.ts';

export type PullDoorOptions = {
  /** Asked for each request: clusters may change. */
  readonly clusters: () => readonly { readonly name: string }[];
  /** Who may pull as a cluster. */
  readonly access: (cluster: string) => RegistryAccess;
  /** The cluster of requests that name none, by what they log in with; undefined leaves them to whoever stands behind. */
  readonly cluster: (incoming: IncomingMessage) => Promise<string | undefined>;
  readonly viewOf: (cluster: string) => PullView;
  readonly shelf: ManifestShelf;
  readonly openHash: OpenHash;
  readonly knownCodes: KnownCodes;
  readonly log: Log;
  /** The `Warning` that answers carry now. */
  readonly warning?: () => string | undefined;
};

export type PullDoor = {
  /** Answers what is read below `/v2` for a cluster; false for what it leaves to others. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean>;
  pullsOf(cluster: string): ImagePulls;
  close(): void;
};

/** Nothing but pulling, by whoever may. */
function pullsOnly(access: RegistryAccess): RegistryAccess {
  return {
    ...(access.issue === undefined ? {} : { issue: access.issue.bind(access) }),
    check: async (asked) => {
      const { required } = asked;
      if (required === undefined || required.actions.every((action) => action === 'pull')) return access.check(asked);
      return {
        kind: 'refused',
        answer: refuse('UNSUPPORTED', 'images are only pulled here; push them to the service'),
      };
    },
  };
}

/** The read half of the distribution protocol, for each cluster in its own order of registries. */
export function openPullDoor(options: PullDoorOptions): PullDoor {
  const { log } = options;
  const opened = new Map<string, { pulls: ImagePulls; listener: RegistryListener }>();

  function open(cluster: string): { pulls: ImagePulls; listener: RegistryListener } {
    const known = opened.get(cluster);
    if (known !== undefined) return known;
    const pulls = new ImagePulls({
      view: options.viewOf(cluster),
      shelf: options.shelf,
      openHash: options.openHash,
      knownCodes: options.knownCodes,
      onHolderFailed: ({ registry }, error) =>
        log.warn({ event: 'pull goes on elsewhere', registry, cluster, error: toFailure(error).message }),
    });
    const listener = openRegistryListener({
      storage: pullStorage(pulls),
      access: pullsOnly(options.access(cluster)),
      redirectBlob: (repository, digest) => pulls.findOffer(repository, digest),
      log,
    });
    const made = { pulls, listener };
    opened.set(cluster, made);
    return made;
  }

  return {
    async answer(incoming, outgoing) {
      const named = findPullingCluster(incoming, options.clusters());
      const cluster = named?.cluster ?? (await options.cluster(incoming));
      if (cluster === undefined) return false;
      if (named !== undefined) incoming.url = named.target;
      const warning = options.warning?.();
      if (warning !== undefined) outgoing.setHeader('warning', warning);
      open(cluster).listener(incoming, outgoing);
      return true;
    },
    pullsOf: (cluster) => open(cluster).pulls,
    close() {
      for (const { listener } of opened.values()) listener.close();
    },
  };
}
