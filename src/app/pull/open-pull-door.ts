import type { HttpShortcut } from '../../api/serve.ts';
import { findPullingCluster } from '../../api/v2/pulling-cluster.ts';
import type { RegistryAccess } from '../../api/v2/registry-access.ts';
import { refuse } from '../../api/v2/registry-answer.ts';
import { openRegistryListener, type RegistryListener } from '../../api/v2/registry-listener.ts';
import { toFailure } from '../../kernel/failure.ts';
import { ImagePulls, type ManifestShelf, type PullView } from '../../pull/image-pulls.ts';
import type { Log } from '../../telemetry/log.ts';
import { pullStorage } from './pull-storage.ts';

export type PullDoorOptions = {
  /** Asked for each request: clusters may change. */
  readonly clusters: () => readonly { readonly name: string }[];
  /** The cluster of requests that name none; undefined leaves them to whoever stands behind. */
  readonly cluster?: () => string | undefined;
  readonly viewOf: (cluster: string) => PullView;
  readonly shelf: ManifestShelf;
  readonly log: Log;
  /** The `Warning` that answers carry now. */
  readonly warning?: () => string | undefined;
};

export type PullDoor = {
  /** Answers what is read below `/v2` for a cluster. */
  readonly shortcut: HttpShortcut;
  pullsOf(cluster: string): ImagePulls;
  close(): void;
};

const pullsOnly: RegistryAccess = {
  check: async ({ required }) =>
    required === undefined || required.actions.every((action) => action === 'pull')
      ? { kind: 'granted', wish: true }
      : { kind: 'refused', answer: refuse('UNSUPPORTED', 'images are only pulled here; push them to the service') },
};

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
      onHolderFailed: ({ registry }, error) =>
        log.warn({ event: 'pull goes on elsewhere', registry, cluster, error: toFailure(error).message }),
    });
    const listener = openRegistryListener({
      storage: pullStorage(pulls),
      access: pullsOnly,
      redirectBlob: (repository, digest) => pulls.findOffer(repository, digest),
      log,
    });
    const made = { pulls, listener };
    opened.set(cluster, made);
    return made;
  }

  return {
    shortcut(incoming, outgoing) {
      if (!/^\/v2(?:[/?]|$)/.test(incoming.url ?? '')) return false;
      const named = findPullingCluster(incoming, options.clusters());
      const cluster = named?.cluster ?? options.cluster?.();
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
