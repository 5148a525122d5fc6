import { Failure } from '../../kernel/failure.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import { type BlobOrigin, originChain, registryOrigin } from '../copy/blob-origin.ts';
import type { PushRecord } from './push-record.ts';
import { parseSourceReference, type SourceReference } from './push-source.ts';
import type { SyncContext } from './sync-context.ts';

export type PushOrigin = {
  readonly origin: BlobOrigin;
  /** What the push was told to read, where that is a registry. */
  readonly reference: SourceReference | null;
};

/**
 * Where a push's bytes are read when the depot lacks them: its own source first, then every registry that already
 * holds the same digest. An archive and a lost source leave only the latter.
 */
export async function openPushOrigin(context: SyncContext, push: PushRecord): Promise<PushOrigin> {
  const { directory, store, world } = context;
  const origins: BlobOrigin[] = [];
  let reference: SourceReference | null = null;
  if (push.source.kind === 'registry' && push.source.reference !== null) {
    reference = parseSourceReference(push.source.reference, world.sources, push.tag);
    const source = directory.source(reference.key);
    if (source !== undefined)
      origins.push(registryOrigin(`${reference.key}/${reference.image.name}`, source.client, reference.image.name));
  }
  if (push.digest !== null) {
    for (const placement of await store.listPlacements(push.name, push.digest)) {
      const registry = directory.registry(placement.registry);
      // A rewritten image lacks what the source has, so it cannot stand in for it.
      if (registry === undefined || placement.digest !== placement.sourceDigest) continue;
      origins.push(
        registryOrigin(placement.registry, registry.target.client, registryRepository(registry.entry, push.name)),
      );
    }
  }
  if (origins.length > 0) return { origin: originChain(origins), reference };
  const nowhere = new Failure(
    'content_missing',
    `${push.name}:${push.tag} is in no registry and its bytes are no longer in the depot; push it again`,
    { side: 'source', step: 'manifest read' },
  );
  return {
    origin: {
      label: 'the depot',
      getManifest: async () => undefined,
      openBlob: () => Promise.reject(nowhere),
      listReferrers: async () => [],
    },
    reference,
  };
}
