import { join } from 'node:path';
import { openDepot } from '../../../../src/depot/depot.ts';
import type { Depot } from '../../../../src/depot/depot-port.ts';
import { Secret } from '../../../../src/kernel/secret.ts';
import type { Digest } from '../../../../src/oci/digest.ts';
import { parsePlatform } from '../../../../src/oci/platform.ts';
import { parseRepositoryName } from '../../../../src/oci/repository-name.ts';
import { parseTag } from '../../../../src/oci/tag.ts';
import { openRegistryProvider } from '../../../../src/providers/registry-provider.ts';
import type { CredentialsEntry } from '../../../../src/regions/world.ts';
import type { RegistryClient } from '../../../../src/registry/registry-client.ts';
import type { OpenBlob } from '../../../../src/sync/copy/blob-depot.ts';
import { type BlobOrigin, registryOrigin } from '../../../../src/sync/copy/blob-origin.ts';
import { copyImage } from '../../../../src/sync/copy/copy-image.ts';
import type { CopyTarget } from '../../../../src/sync/copy/copy-target.ts';
import type { ImageTree } from '../../../../src/sync/copy/image-tree.ts';
import type { Pause } from '../../../../src/sync/copy/pause-before.ts';
import { readImage } from '../../../../src/sync/copy/read-image.ts';
import { resumingSource } from '../../../../src/sync/copy/resuming-source.ts';
import type { Selection } from '../../../../src/sync/copy/selection.ts';
import { Slots } from '../../../../src/sync/copy/slots.ts';
import { StripeBudget } from '../../../../src/sync/copy/stripe-budget.ts';
import { openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../../../support/registry.ts';
import { seedImage } from '../../../support/seed-image.ts';
import { openTempFolder } from '../../../support/temp-folder.ts';
import { makeImage, type TestImage, type TestImageOptions } from '../../../support/test-image.ts';
import { type CopyCounts, countingProgress } from './counting-progress.ts';
import { type MemoryJournal, memoryJournal } from './memory-journal.ts';
import { memoryLocations } from './memory-locations.ts';

export const CHUNK_BYTES = 256 * 1024;
export const REPOSITORY = parseRepositoryName('team/app');
export const TAG = parseTag('v1');

export type BenchTarget = { readonly registry: TestRegistry; readonly target: CopyTarget };

export type CopyWish = {
  readonly image: TestImage | Digest;
  readonly target?: BenchTarget;
  readonly repository?: string;
  readonly tag?: string | null;
  readonly platforms?: readonly string[];
  readonly referrers?: boolean;
  readonly attestations?: Selection['attestations'];
  readonly signal?: AbortSignal;
  /** Instead of reading from the source registry. */
  readonly openSource?: (digest: Digest) => OpenBlob;
  readonly origin?: BlobOrigin;
};

export type BenchOptions = {
  readonly source?: TestRegistryOptions;
  readonly target?: TestRegistryOptions;
  readonly stallMs?: number;
  readonly headersTimeoutMs?: number;
  readonly slots?: number;
  readonly chunkBytes?: number;
};

/** A source, targets and a depot with the copy engine between them; what it asks to wait for is noted and not waited for. */
export type CopyBench = AsyncDisposable & {
  readonly source: TestRegistry;
  readonly sourceClient: RegistryClient;
  readonly main: BenchTarget;
  readonly journal: MemoryJournal;
  readonly depot: Depot;
  readonly pauses: number[];
  /** Seeds an image at the source. */
  seed(options?: TestImageOptions, tag?: string): Promise<TestImage>;
  openTarget(options?: TestRegistryOptions, name?: string): Promise<BenchTarget>;
  read(wish: CopyWish): Promise<ImageTree>;
  copy(wish: CopyWish): Promise<CopyCounts & { tree: ImageTree }>;
  /** As `copy`; the counts are true at every moment. */
  start(wish: CopyWish): { done: Promise<ImageTree>; counts: CopyCounts };
};

export async function openCopyBench(options: BenchOptions = {}): Promise<CopyBench> {
  const opened = new AsyncDisposableStack();
  const folder = opened.use(await openTempFolder('copy'));
  const source = opened.use(await openTestRegistry(options.source));
  const deps = {
    readSecret: async () => new Secret('secret'),
    ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }),
    ...(options.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: options.headersTimeoutMs }),
  };
  const openClient = (url: string, auth?: TestRegistryOptions['auth']): RegistryClient => {
    const credentials: CredentialsEntry =
      auth?.kind === 'bearer'
        ? { kind: 'basic', username: auth.username, password: { from: 'env', name: 'PASSWORD' } }
        : { kind: 'none' };
    const provider = openRegistryProvider({ key: 'test', url, credentials, internal: true }, deps);
    opened.defer(() => provider.close());
    return provider.client;
  };
  const sourceClient = openClient(source.url);
  const depot = await openDepot({
    folder: join(folder.path, 'depot'),
    limitBytes: 2 ** 30,
    neededBlobs: async () => new Set(),
    durable: false,
  });
  opened.defer(() => depot.close());
  const journal = memoryJournal();
  const locations = memoryLocations();
  const stripes = new StripeBudget(16);
  const pauses: number[] = [];
  const pause: Pause = async (ms, signal) => {
    signal.throwIfAborted();
    pauses.push(ms);
    // A turn of the event loop, so that endless repetition would show as a test that times out.
    await new Promise((resolve) => setImmediate(resolve));
  };
  const openTarget = async (
    target: TestRegistryOptions = {},
    name = `target-${Math.random()}`,
  ): Promise<BenchTarget> => {
    const registry = opened.use(await openTestRegistry(target));
    return {
      registry,
      target: {
        name,
        client: openClient(registry.url, target.auth),
        ensureRepository: async () => {},
        slots: new Slots(options.slots ?? 8),
        crossing: new Map(),
        congestionControl: null,
        chunkBytes: options.chunkBytes ?? CHUNK_BYTES,
      },
    };
  };
  const main = await openTarget(options.target, 'main');
  const origin = registryOrigin(`source/${REPOSITORY}`, sourceClient, REPOSITORY);

  const read = (wish: CopyWish): Promise<ImageTree> =>
    readImage({
      origin: wish.origin ?? origin,
      depot,
      digest: typeof wish.image === 'string' ? wish.image : wish.image.digest,
      selection: {
        platforms: (wish.platforms ?? []).map(parsePlatform),
        referrers: wish.referrers ?? false,
        attestations: wish.attestations ?? 'keep',
      },
      signal: wish.signal ?? new AbortController().signal,
    });
  const start: CopyBench['start'] = (wish) => {
    const { progress, counts } = countingProgress();
    const run = async () => {
      const tree = await read(wish);
      await copyImage(
        {
          tree,
          tag: wish.tag === null ? null : parseTag(wish.tag ?? TAG),
          target: (wish.target ?? main).target,
          repository: parseRepositoryName(wish.repository ?? REPOSITORY),
          depot,
          openSource: (blob) =>
            wish.openSource?.(blob.digest) ??
            resumingSource({ origin: wish.origin ?? origin, blob, pause, budget: stripes }),
          journal,
          locations,
          progress,
          onLanded: () => {},
          pause,
          nowMs: () => Date.now(),
        },
        wish.signal ?? new AbortController().signal,
      );
      return tree;
    };
    return { done: run(), counts };
  };
  return {
    source,
    sourceClient,
    main,
    journal,
    depot,
    pauses,
    openTarget,
    read,
    start,
    async seed(image, tag) {
      const made = makeImage(image);
      await seedImage(source, REPOSITORY, tag ?? TAG, made);
      return made;
    },
    async copy(wish) {
      const { done, counts } = start(wish);
      const tree = await done;
      return { ...counts, tree };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
