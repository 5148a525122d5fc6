import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDepot } from '../../../src/depot/depot.ts';
import type { Depot } from '../../../src/depot/depot-port.ts';
import { ByteRanges } from '../../../src/kernel/byte-ranges.ts';
import { type Clock, systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { openRegistryProvider, type RegistryProvider } from '../../../src/providers/registry-provider.ts';
import type { DepotBlob } from '../../../src/sync/copy/blob-depot.ts';
import { registryOrigin } from '../../../src/sync/copy/blob-origin.ts';
import { resumingSource } from '../../../src/sync/copy/resuming-source.ts';
import { StripeBudget } from '../../../src/sync/copy/stripe-budget.ts';
import { failureOf } from '../../net/failure-of.ts';
import { type LinkBounds, openBoundedLink } from '../../support/bounded-link.ts';
import { eventually } from '../../support/eventually.ts';
import type { LoggedRequest } from '../../support/exchange.ts';
import { openTestRegistry, type TestRegistry, type TestRegistryOptions } from '../../support/registry.ts';
import type { Fault } from '../../support/registry-faults.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';
import { REPOSITORY } from './support/copy-bench.ts';
import { farOrigin } from './support/far-origin.ts';

const MIB = 1024 * 1024;
const SIZE = 13 * MIB + 12_345;
const SMALL_SIZE = 4 * MIB;
const FIRST = `bytes=0-${4 * MIB - 1}`;
/** A connection that takes bytes over from a slow one leaves what the other has under way to waste. */
const TAKEN_OVER = 6 * MIB;

const image = makeImage({ layers: [{ size: SIZE }, { size: SMALL_SIZE }] });
const blobOf = (size: number) => {
  const found = image.blobs.find(({ bytes }) => bytes.byteLength === size);
  if (found === undefined) throw new Error(`the image has no blob of ${size} bytes`);
  return found;
};
const LARGE = blobOf(SIZE);
const path = new RegExp(`${LARGE.digest}`);

/** Twice as fast as time, to see sooner what is decided over seconds. */
const quickClock: Clock = {
  ...systemClock,
  elapsedMs: () => systemClock.elapsedMs() * 2,
  sleep: (ms, signal) => systemClock.sleep(ms / 2, signal),
};

let content: TempFolder;
let opened: AsyncDisposableStack;
let pauses: number[];

beforeAll(async () => {
  content = await openTempFolder('striped');
  await using registry = await openTestRegistry({ folder: join(content.path, 'source') });
  await seedImage(registry, REPOSITORY, 'v1', image);
});

afterAll(() => content.remove());

afterEach(() => opened.disposeAsync());

/** A source that holds the image, and a way to land a blob of it in a depot of its own. */
async function openSource(
  options: TestRegistryOptions & { stallMs?: number; isNear?: boolean; bounds?: LinkBounds } = {},
) {
  opened = new AsyncDisposableStack();
  pauses = [];
  const folder = opened.use(await openTempFolder('striped-depot'));
  const registry = opened.use(await openTestRegistry({ ...options, folder: join(content.path, 'source') }));
  const { bounds } = options;
  const link = bounds === undefined ? undefined : opened.use(await openBoundedLink(registry.url, bounds));
  const provider: RegistryProvider = openRegistryProvider(
    { key: 'test', url: link?.url ?? registry.url, credentials: { kind: 'none' }, internal: true },
    { readSecret: async () => new Secret(''), ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }) },
  );
  opened.defer(() => provider.close());
  const origin = options.isNear
    ? registryOrigin('near/team/app', provider.client, REPOSITORY)
    : farOrigin(provider.client);
  const openPlace = async (name: string): Promise<Depot> => {
    const depot = await openDepot({
      folder: join(folder.path, name),
      limitBytes: 2 ** 30,
      neededBlobs: async () => new Set(),
      durable: false,
    });
    opened.defer(() => depot.close());
    return depot;
  };
  const begin = (depot: Depot, blob: { digest: typeof LARGE.digest; size: number }): Promise<DepotBlob> => {
    const source = resumingSource({
      origin,
      blob,
      pause: async (ms) => {
        pauses.push(ms);
      },
      budget: new StripeBudget(16),
      clock: quickClock,
    });
    return depot.land(blob, source, new AbortController().signal);
  };
  const depot = await openPlace('one');
  return {
    registry,
    depot,
    link,
    folder: folder.path,
    openPlace,
    begin,
    /** The depot gives a blob a name only once its digest is right. */
    async land(size = SIZE) {
      const landing = await begin(depot, { digest: blobOf(size).digest, size });
      await landing.landed;
      expect(depot.find(landing.digest)).toEqual({ sizeBytes: size });
    },
  };
}

const reads = (registry: TestRegistry, of = path): LoggedRequest[] =>
  registry.requests.filter((request) => request.method === 'GET' && of.test(request.path));
const rangesOf = (requests: readonly LoggedRequest[]) => requests.map(({ headers }) => headers.range);
const bytesOf = (requests: readonly LoggedRequest[]) => requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
/** Which bytes were asked for, however often: some that are on their way come in vain when others take them over. */
const askedOf = (requests: readonly LoggedRequest[]) =>
  new ByteRanges(
    rangesOf(requests).map((range) => {
      const [, offset, last] = /^bytes=(\d+)-(\d+)$/.exec(String(range)) ?? [];
      return { offset: Number(offset ?? 0), end: Number(last ?? SIZE - 1) + 1 };
    }),
  );
const partsOf = (requests: readonly LoggedRequest[]) => requests.filter(({ status }) => status === 206);

describe('a large blob from far away', () => {
  it('is read by several connections at once', async () => {
    const { registry, land } = await openSource();
    await land();
    const requests = reads(registry);
    expect(requests[0]?.headers.range).toBe(FIRST);
    expect(partsOf(requests).length).toBeGreaterThan(3);
    expect(partsOf(requests)).toHaveLength(requests.length);
    expect(bytesOf(requests)).toBeLessThan(SIZE + TAKEN_OVER);
  });

  it('is read by several connections from where the registry leads them', async () => {
    const { registry, land } = await openSource({ redirectBlobs: true });
    const away = /^\/blob-origin\//;
    // An address that has expired is asked for again.
    registry.failNext('GET', { path: away, skip: 2, status: 403 });
    await land();
    expect(partsOf(reads(registry, away)).length).toBeGreaterThan(3);
    expect(bytesOf(partsOf(reads(registry, away)))).toBeLessThan(SIZE + TAKEN_OVER);
    expect(pauses).toEqual([]);
  });

  it('is read by one where ranges are ignored', async () => {
    const { registry, land } = await openSource({ ranges: false });
    await land();
    expect(reads(registry)).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ['refused', { status: 416 }],
    ['answered with others', { status: 206, headers: { 'content-range': `bytes 0-9/${SIZE}` }, body: '0123456789' }],
    ['said to be of another blob', { status: 206, headers: { 'content-range': 'bytes 0-9/10' }, body: '0123456789' }],
    ['answered without saying which', { status: 206, body: '0123456789' }],
    ['ignored by one of many servers', { status: 200, body: '0123456789' }],
  ])('is read from the front by one when ranges are %s', async (_what, fault) => {
    const { registry, land } = await openSource();
    registry.failNext('GET', { path, skip: 2, ...fault });
    await land();
    expect(rangesOf(reads(registry)).filter((range) => range === undefined)).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ['is reset', { reset: true, afterBytes: 300_000 }],
    ['ends early', { truncate: 300_000 }],
    ['falls silent', { stall: true, afterBytes: 300_000 }],
    ['is answered 429', { status: 429, retryAfter: 9 }],
    ['is answered 503', { status: 503, retryAfter: 9 }],
    ['is answered 500', { status: 500 }],
  ])('is read to its end when a connection %s', async (_what, fault) => {
    const { registry, land } = await openSource({ stallMs: 2_000 });
    registry.failNext('GET', { path, skip: 2, ...fault });
    await land();
    expect(rangesOf(reads(registry))).not.toContain(undefined);
    expect(bytesOf(reads(registry))).toBeLessThan(SIZE + TAKEN_OVER);
  });

  it('fails as a failure of the source when no connection brings anything any more, and goes on later', async () => {
    const { registry, land } = await openSource();
    registry.failNext('GET', { path, skip: 1, times: 12, status: 500 });
    expect(await failureOf(land())).toMatchObject({
      code: 'remote_unavailable',
      details: { side: 'source', step: 'blob read' },
    });
    registry.forgetRequests();
    // The faults that are left strike it, and are borne.
    await land().catch(land);
    expect(bytesOf(partsOf(reads(registry)))).toBeLessThan(SIZE);
  });

  it('whose bytes are wrong is a failure of the source that names the digest', async () => {
    const { registry, land, depot } = await openSource();
    registry.failNext('GET', { path, skip: 2, corrupt: 1_000 });
    const failure = await failureOf(land());
    expect(failure).toMatchObject({ code: 'digest_mismatch', details: { side: 'source', step: 'blob read' } });
    expect(failure.message).toContain(LARGE.digest);
    expect(depot.find(LARGE.digest)).toBeUndefined();
    await land();
  });
});

describe('the number of connections', () => {
  it('grows where each brings little, up to what is allowed', async () => {
    const { link, land } = await openSource({ bounds: { perConnection: 8e5 } });
    await land();
    expect(link?.mostAtOnce).toBeGreaterThanOrEqual(8);
    // One that was given up may still be closing.
    expect(link?.mostAtOnce).toBeLessThanOrEqual(18);
  });

  it('stays small where all together bring no more', async () => {
    const { link, land } = await openSource({ bounds: { perConnection: 1e7, inAll: 5e6 } });
    await land();
    expect(link?.mostAtOnce).toBeGreaterThan(2);
    expect(link?.mostAtOnce).toBeLessThanOrEqual(10);
  });
});

describe('a landing in stripes', () => {
  it('that is killed goes on with what is not on the disk', async () => {
    const { registry, folder, depot, begin, openPlace } = await openSource({ bounds: { perConnection: 2e6 } });
    const blob = { digest: LARGE.digest, size: SIZE };
    // The stripe behind the first part hangs, so what is behind it stays out of turn.
    registry.failNext('GET', { path, skip: 1, stall: true, afterBytes: 100_000 });
    const first = await begin(depot, blob);
    first.landed.catch(() => {});
    await eventually(async () => (await notedBytes(join(folder, 'one', 'landing'))) > 5 * MIB);
    // What a kill leaves: the files as they are.
    await cp(join(folder, 'one'), join(folder, 'two'), { recursive: true });
    await depot.close();
    registry.forgetRequests();
    const second = await begin(await openPlace('two'), blob);
    await second.landed;
    expect(askedOf(reads(registry)).bytes).toBeLessThan(SIZE - 4 * MIB);
    expect(await readdir(join(folder, 'two', 'landing'))).toEqual([]);
  });
});

async function notedBytes(folder: string): Promise<number> {
  const note = (await readdir(folder)).find((name) => name.endsWith('.held'));
  if (note === undefined) return 0;
  const lines = (await readFile(join(folder, note), 'utf8')).trimEnd().split('\n');
  return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]) - Number(line.split(' ')[0]), 0);
}

describe('a blob that is near, or small', () => {
  it('is read by one connection, in a first part and the rest', async () => {
    const { registry, land } = await openSource({ isNear: true });
    await land();
    expect(rangesOf(reads(registry))).toEqual([FIRST, `bytes=${4 * MIB}-`]);
  });

  it('is read by one request without a range up to 4 MiB', async () => {
    const { registry, land } = await openSource();
    await land(SMALL_SIZE);
    expect(rangesOf(reads(registry, new RegExp(blobOf(SMALL_SIZE).digest)))).toEqual([undefined]);
  });
});
