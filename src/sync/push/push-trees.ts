import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { atSide } from '../copy/blob-origin.ts';
import type { ImageTree } from '../copy/image-tree.ts';
import { readImage } from '../copy/read-image.ts';
import { formatSelection, type Selection } from '../copy/selection.ts';
import { openPushOrigin } from './push-origin.ts';
import type { PushRecord } from './push-record.ts';
import type { SyncContext } from './sync-context.ts';

export function selectionOf(
  push: Pick<PushRecord, 'platforms' | 'referrers'>,
  attestations: 'keep' | 'drop',
): Selection {
  return { platforms: push.platforms.map(parsePlatform), referrers: push.referrers, attestations };
}

/** The trees of pushes that are under way: read once for all legs of a push that carry the same of it. */
export class PushTrees {
  readonly #context: SyncContext;
  readonly #trees = new Map<
    string,
    { readonly stop: AbortController; readonly trees: Map<string, Promise<ImageTree>> }
  >();

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** The tree of a push for one leg; a failure is not remembered. Waiting ends with the signal, reading with the push. */
  async get(push: PushRecord, attestations: 'keep' | 'drop', signal: AbortSignal): Promise<ImageTree> {
    const entry = this.#trees.get(push.id) ?? {
      stop: new AbortController(),
      trees: new Map<string, Promise<ImageTree>>(),
    };
    this.#trees.set(push.id, entry);
    const selection = selectionOf(push, attestations);
    const key = formatSelection(selection);
    let tree = entry.trees.get(key);
    if (tree === undefined) {
      tree = this.#read(push, selection, entry.stop.signal);
      entry.trees.set(key, tree);
      tree.catch(() => entry.trees.delete(key));
    }
    return untilAborted(tree, signal);
  }

  /** Forgets a push that is final; what is still being read for it ends. */
  forget(pushId: string): void {
    this.#trees.get(pushId)?.stop.abort(new Failure('cancelled', 'the push has ended', { side: 'here' }));
    this.#trees.delete(pushId);
  }

  async #read(push: PushRecord, selection: Selection, signal: AbortSignal): Promise<ImageTree> {
    const { depot, store } = this.#context;
    const { origin, reference } = await openPushOrigin(this.#context, push);
    let digest: Digest | null = push.digest;
    if (digest === null) {
      const asked = reference?.image.digest ?? reference?.image.tag ?? push.tag;
      const manifest = await atSide('source', 'manifest read', () => origin.getManifest(asked, signal));
      if (manifest === undefined) {
        throw new Failure(
          'source_not_found',
          `reading ${push.source.reference ?? 'the archive'}: it does not exist there`,
          { side: 'source', step: 'manifest read' },
        );
      }
      digest = manifest.digest;
      await depot.writeBytes(digest, manifest.bytes);
      await store.updatePush(push.id, { digest });
      this.#context.events.emit({ type: 'push.digest', pushId: push.id, name: push.name, tag: push.tag, digest });
    }
    const tree = await readImage({ origin, depot, digest, selection, signal });
    const blobs = [
      ...tree.blobs,
      ...tree.manifests.map(({ manifest }) => ({ digest: manifest.digest, size: manifest.bytes.byteLength })),
    ];
    const bytesLanded = blobs.reduce((sum, blob) => sum + (depot.find(blob.digest) === undefined ? 0 : blob.size), 0);
    await store.pinBlobs(push.id, blobs);
    await store.updatePush(push.id, { bytesTotal: tree.bytesTotal, bytesLanded });
    this.#context.events.emit({ type: 'push.changed', pushId: push.id });
    return tree;
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
