import { Failure, isFailure } from '../../kernel/failure.ts';
import { isDigest } from '../../oci/digest.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { SourceEntry } from '../../regions/world.ts';
import { type BlobOrigin, originChain, registryOrigin } from '../copy/blob-origin.ts';
import { formatSelection } from '../copy/selection.ts';
import type { PushRecord } from './push-record.ts';
import { parseSourceReference, type SourceReference } from './push-source.ts';
import { selectionOf } from './selection-of.ts';
import type { SyncContext } from './sync-context.ts';

export type PushOrigin = {
  readonly origin: BlobOrigin;
  /** What the push was told to read, where that is a registry. */
  readonly reference: SourceReference | null;
};

/**
 * Where a push's bytes are read when the depot lacks them: its own source first, then every registry that already
 * holds the same digest. An archive and a lost source leave only the latter.
 *
 * A push that the service makes for itself repeats what was carried before, so the registries that have that come
 * first, and their word on signatures is enough: it does not need the source to be there.
 */
export async function openPushOrigin(context: SyncContext, push: PushRecord): Promise<PushOrigin> {
  const { directory, world } = context;
  const sources: BlobOrigin[] = [];
  let reference: SourceReference | null = null;
  if (push.source.kind === 'registry' && push.source.reference !== null) {
    reference = findReference(push, push.source.reference, world.sources);
    const source = reference === null ? undefined : directory.source(reference.key);
    if (reference !== null && source !== undefined)
      sources.push(registryOrigin(`${reference.key}/${reference.image.name}`, source.client, reference.image.name));
  }
  if (push.source.kind === 'door') sources.push(context.doorOrigin(push.name));
  const { whole, unsigned } = await openPlacedOrigins(context, push);
  const origin =
    push.purpose === 'release'
      ? originChain([...sources, ...whole, ...unsigned])
      : repeatedOrigin([...whole, ...sources, ...unsigned]);
  const hasAny = sources.length + whole.length + unsigned.length > 0;
  return { origin: hasAny ? origin : noOrigin(push), reference };
}

/** The registries that hold the push's digest; those that were sent it without what speaks of it are `unsigned`. */
async function openPlacedOrigins(
  { directory, store }: SyncContext,
  push: PushRecord,
): Promise<{ readonly whole: readonly BlobOrigin[]; readonly unsigned: readonly BlobOrigin[] }> {
  const whole: BlobOrigin[] = [];
  const unsigned: BlobOrigin[] = [];
  const placements = push.digest === null ? [] : await store.listPlacements(push.name, push.digest);
  for (const { registry, digest, sourceDigest, selection } of placements) {
    const opened = directory.registry(registry);
    // A rewritten image lacks what the source has, so it cannot stand in for it.
    if (opened === undefined || digest !== sourceDigest) continue;
    const origin = registryOrigin(registry, opened.target.client, registryRepository(opened.entry, push.name));
    const isSame = !push.referrers || selection === formatSelection(selectionOf(push, opened.entry.attestations));
    (isSame ? whole : unsigned).push(origin);
  }
  return { whole, unsigned };
}

/** Content from wherever it is; what is found by asking around, from the first that answers at all. */
function repeatedOrigin(origins: readonly BlobOrigin[]): BlobOrigin {
  const chain = originChain(origins);
  async function ask<T>(question: (origin: BlobOrigin) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const origin of origins) {
      try {
        return await question(origin);
      } catch (error) {
        if (!isFailure(error) || isFailure(error, 'cancelled')) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }
  return {
    ...chain,
    getManifest: (reference, signal) =>
      isDigest(reference)
        ? chain.getManifest(reference, signal)
        : ask((origin) => origin.getManifest(reference, signal)),
    listReferrers: (digest, signal) => ask((origin) => origin.listReferrers(digest, signal)),
  };
}

/** What only the depot can give. */
function noOrigin(push: PushRecord): BlobOrigin {
  const nowhere = new Failure(
    'content_missing',
    `${push.name}:${push.tag} is in no registry and its bytes are no longer in the depot; push it again`,
    { side: 'source', step: 'manifest read' },
  );
  return {
    label: 'the depot',
    getManifest: async () => undefined,
    openBlob: () => Promise.reject(nowhere),
    listReferrers: async () => [],
  };
}

/** Null for a source that is configured no more, where the push can do without it: it knows its digest. */
function findReference(push: PushRecord, text: string, sources: readonly SourceEntry[]): SourceReference | null {
  try {
    return parseSourceReference(text, sources, push.tag);
  } catch (error) {
    if (push.digest !== null && isFailure(error, 'source_unknown')) return null;
    throw error;
  }
}
