import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import { atSide } from '../copy/blob-origin.ts';
import type { ImageTree } from '../copy/image-tree.ts';
import { readImage } from '../copy/read-image.ts';
import { formatSelection, type Selection } from '../copy/selection.ts';
import { openPushOrigin, type PushOrigin } from './push-origin.ts';
import type { PushRecord } from './push-record.ts';
import { selectionOf } from './selection-of.ts';
import type { SyncContext } from './sync-context.ts';

/** What one push reads: which digest it is, once for all its legs, and the trees that these carry of it. */
type Reading = {
  readonly stop: AbortController;
  digest: Promise<Digest> | undefined;
  readonly trees: Map<string, Promise<ImageTree>>;
  /** What is needed in the depot, by digest. */
  readonly contents: Map<Digest, { readonly digest: Digest; readonly size: number }>;
};

/** The trees of pushes that are under way: read once for all legs of a push that carry the same of it. */
export class PushTrees {
  readonly #context: SyncContext;
  readonly #readings = new Map<string, Reading>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** The tree of a push for one leg; a failure is not remembered. Waiting ends with the signal, reading with the push. */
  async get(push: PushRecord, attestations: 'keep' | 'drop', signal: AbortSignal): Promise<ImageTree> {
    const reading = this.#readings.get(push.id) ?? {
      stop: new AbortController(),
      digest: undefined,
      trees: new Map(),
      contents: new Map(),
    };
    this.#readings.set(push.id, reading);
    const selection = selectionOf(push, attestations);
    const key = formatSelection(selection);
    let tree = reading.trees.get(key);
    if (tree === undefined) {
      tree = this.#read(push, selection, reading);
      reading.trees.set(key, tree);
      this.#underWay.add(tree);
      const done = tree;
      tree.catch(() => reading.trees.delete(key)).finally(() => this.#underWay.delete(done));
    }
    return untilAborted(tree, signal);
  }

  /** How many bytes of what a push needs are whole in the depot; undefined for one that has not been read. */
  landedBytes(pushId: string): number | undefined {
    const reading = this.#readings.get(pushId);
    if (reading === undefined || reading.contents.size === 0) return undefined;
    return this.#sumLanded(reading);
  }

  /** Forgets a push that is final; what is still being read for it ends. */
  forget(pushId: string): void {
    this.#readings.get(pushId)?.stop.abort(new Failure('cancelled', 'the push has ended', { side: 'here' }));
    this.#readings.delete(pushId);
  }

  /** Ends all reading. */
  async close(): Promise<void> {
    for (const pushId of [...this.#readings.keys()]) this.forget(pushId);
    await Promise.allSettled(this.#underWay);
  }

  async #read(push: PushRecord, selection: Selection, reading: Reading): Promise<ImageTree> {
    const { depot, store, events } = this.#context;
    const { signal } = reading.stop;
    const opened = await openPushOrigin(this.#context, push);
    const digest = push.digest ?? (await this.#readDigest(push, opened, reading));
    const tree = await readImage({ origin: opened.origin, depot, digest, selection, signal });
    for (const { digest: blob, size } of tree.blobs) reading.contents.set(blob, { digest: blob, size });
    for (const { manifest } of tree.manifests)
      reading.contents.set(manifest.digest, { digest: manifest.digest, size: manifest.bytes.byteLength });
    await store.pinBlobs(push.id, [...reading.contents.values()]);
    if (signal.aborted) {
      // The push ended meanwhile: nobody else would let these go.
      await store.unpinBlobs(push.id);
      throw signal.reason;
    }
    const contents = [...reading.contents.values()];
    const bytesTotal = contents.reduce((sum, content) => sum + content.size, 0);
    await store.updatePush(push.id, { bytesTotal, bytesLanded: this.#sumLanded(reading) });
    events.emit({ type: 'push.changed', pushId: push.id });
    return tree;
  }

  /** Asks the source once: legs that asked apart could be told two digests when the tag moves in between. */
  #readDigest(push: PushRecord, opened: PushOrigin, reading: Reading): Promise<Digest> {
    reading.digest ??= this.#askDigest(push, opened, reading.stop.signal).catch((error: unknown) => {
      reading.digest = undefined;
      throw error;
    });
    return reading.digest;
  }

  async #askDigest(push: PushRecord, { origin, reference }: PushOrigin, signal: AbortSignal): Promise<Digest> {
    const { depot, store, events } = this.#context;
    const asked = reference?.image.digest ?? reference?.image.tag ?? push.tag;
    const manifest = await atSide('source', 'manifest read', () => origin.getManifest(asked, signal));
    if (manifest === undefined) {
      throw new Failure(
        'source_not_found',
        `reading ${push.source.reference ?? 'the archive'}: it does not exist there`,
        { side: 'source', step: 'manifest read' },
      );
    }
    const { digest, bytes } = manifest;
    await depot.writeBytes(digest, bytes);
    await store.updatePush(push.id, { digest });
    events.emit({ type: 'push.digest', pushId: push.id, name: push.name, tag: push.tag, digest });
    return digest;
  }

  #sumLanded(reading: Reading): number {
    let sum = 0;
    for (const { digest, size } of reading.contents.values())
      if (this.#context.depot.find(digest) !== undefined) sum += size;
    return sum;
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
