import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import { platformSetOf } from '../../oci/platform-set.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import { copyImage } from '../copy/copy-image.ts';
import { resumingSource } from '../copy/resuming-source.ts';
import { formatSelection } from '../copy/selection.ts';
import type { LegProgress } from './leg-progress.ts';
import { isMeantBy } from './meant-by.ts';
import { openPushOrigin } from './push-origin.ts';
import type { PlacementRecord, PushRecord, TransferRecord } from './push-record.ts';
import type { PushTrees } from './push-trees.ts';
import { selectionOf } from './selection-of.ts';
import type { SyncContext } from './sync-context.ts';

export type LegOutcome = {
  readonly digest: Digest;
  readonly placement: Omit<PlacementRecord, 'placedAt' | 'verifiedAt'>;
};

/** One attempt of one leg, from reading the image to seeing it whole at the registry. Throws what stopped it. */
export async function runLeg(
  context: SyncContext,
  trees: PushTrees,
  leg: {
    readonly push: PushRecord;
    readonly transfer: TransferRecord;
    readonly progress: LegProgress;
    readonly onLanded: (bytes: number) => void;
  },
  signal: AbortSignal,
): Promise<LegOutcome> {
  const { directory, store, journal, depot, locations, clock, stripes } = context;
  const { push, transfer, progress } = leg;
  const registry = directory.registry(transfer.registry);
  if (registry === undefined || !registry.entry.enabled) {
    throw new Failure('registry_unknown', `registry ${transfer.registry} is not configured any more`, {
      side: 'here',
      step: 'transfer',
    });
  }
  const { entry, target } = registry;
  const tree = await trees.get(push, entry.attestations, signal);
  const repository = registryRepository(entry, push.name);
  const { origin } = await openPushOrigin(context, { ...push, digest: tree.sourceDigest });
  const platformSet = platformSetOf(push.platforms);
  const { sourceDigest } = tree;
  const isNewest =
    push.purpose === 'release'
      ? await store.isNewestRelease(push)
      : isMeantBy(await store.findRelease(push.name, push.tag), { sourceDigest, platformSet });
  const pause = (ms: number, abort: AbortSignal) => clock.sleep(ms, abort);
  await copyImage(
    {
      tree,
      tag: isNewest ? push.tag : null,
      target,
      repository,
      depot,
      openSource: (blob) =>
        resumingSource({
          origin,
          blob,
          pause,
          clock,
          budget: stripes,
          onReplaced: (cause) => progress.replaced('download', cause),
        }),
      journal,
      locations,
      progress,
      onLanded: leg.onLanded,
      pause,
      nowMs: () => clock.nowMs(),
    },
    signal,
  );
  return {
    digest: tree.root.digest,
    placement: {
      registry: transfer.registry,
      name: push.name,
      sourceDigest,
      platformSet,
      digest: tree.root.digest,
      rewritten: tree.rewritten,
      selection: formatSelection(selectionOf(push, entry.attestations)),
    },
  };
}
