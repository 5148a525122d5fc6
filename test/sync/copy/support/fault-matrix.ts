import { expect } from 'vitest';
import { Failure } from '../../../../src/kernel/failure.ts';
import type { TestRegistry } from '../../../support/registry.ts';
import type { Fault } from '../../../support/registry-faults.ts';
import { seedImage } from '../../../support/seed-image.ts';
import { makeImage } from '../../../support/test-image.ts';
import { CHUNK_BYTES, type CopyBench, type CopyWish, openCopyBench, REPOSITORY, TAG } from './copy-bench.ts';
import { expectPlaced } from './expect-placed.ts';
import { farOrigin } from './far-origin.ts';

/** A layer of several chunks. */
const LAYER_BYTES = 2 * CHUNK_BYTES + 9_000;
/** A layer that is read in stripes when it comes from far away. */
const STRIPED_BYTES = 9 * 1024 * 1024;
const STALL_MS = 500;
const DEADLINE_MS = 20_000;
const ATTEMPTS = 3;

const PLAIN = makeImage({ layers: [{ size: LAYER_BYTES }] });
const STRIPED = makeImage({ layers: [{ size: STRIPED_BYTES }] });
const REFERRER = makeImage({ artifact: 'application/vnd.example.sbom', subject: PLAIN.descriptor, seed: 'referrer' });
const UPLOADS = /\/blobs\/uploads\//;
const BLOBS = /\/blobs\/sha256:/;
const MANIFESTS = /\/manifests\//;
const MOUNTS = /\/blobs\/uploads\/\?(.*&)?mount=/;
const REFERRERS = /\/referrers\/sha256:/;
/** Where referrers are listed by who pushes them, at a registry without an API for it. */
const REFERRERS_TAG = /\/manifests\/sha256-/;

type Step = {
  readonly side: 'source' | 'target';
  readonly method: string;
  readonly path: RegExp;
  /** Requests of the kind that go through before the one that is struck. */
  readonly skip?: number;
  /** What the request carries, and what its answer does: where there is nothing, nothing can be cut or changed. */
  readonly body?: true;
  readonly answer?: true;
  /** What is copied, and how; `referred` with its referrer, `unlisted` to a registry that keeps no list of referrers. */
  readonly world?: 'bearer' | 'striped' | 'redirected' | 'mounted' | 'referred' | 'unlisted';
  /** What has to fail for the step to be taken at all. */
  readonly after?: Fault & { readonly method: string };
};

/** The requests of an upload and of a download, in their order. */
export const STEPS: Readonly<Record<string, Step>> = {
  'target token': { side: 'target', method: 'GET', path: /^\/token/, answer: true, world: 'bearer' },
  'blob HEAD with a token': { side: 'target', method: 'HEAD', path: BLOBS, world: 'bearer' },
  'chunk PATCH with a token': { side: 'target', method: 'PATCH', path: UPLOADS, skip: 1, body: true, world: 'bearer' },
  'closing PUT with a token': { side: 'target', method: 'PUT', path: UPLOADS, body: true, world: 'bearer' },
  'manifest PUT with a token': { side: 'target', method: 'PUT', path: MANIFESTS, body: true, world: 'bearer' },
  'blob HEAD': { side: 'target', method: 'HEAD', path: BLOBS },
  'mount POST': { side: 'target', method: 'POST', path: MOUNTS, world: 'mounted' },
  'session POST': { side: 'target', method: 'POST', path: UPLOADS },
  'chunk PATCH': { side: 'target', method: 'PATCH', path: UPLOADS, skip: 1, body: true },
  'status GET': {
    side: 'target',
    method: 'GET',
    path: UPLOADS,
    after: { method: 'PATCH', path: UPLOADS, skip: 1, reset: true, afterBytes: 1_000 },
  },
  'closing PUT': { side: 'target', method: 'PUT', path: UPLOADS, body: true },
  'manifest PUT': { side: 'target', method: 'PUT', path: MANIFESTS, body: true },
  'referrers GET of the target': {
    side: 'target',
    method: 'GET',
    path: REFERRERS,
    answer: true,
    world: 'referred',
  },
  'referrers tag GET': { side: 'target', method: 'GET', path: REFERRERS_TAG, answer: true, world: 'unlisted' },
  'referrers tag PUT': { side: 'target', method: 'PUT', path: REFERRERS_TAG, body: true, world: 'unlisted' },
  'read-back': { side: 'target', method: 'GET', path: MANIFESTS, answer: true },
  'manifest GET': { side: 'source', method: 'GET', path: MANIFESTS, answer: true },
  'referrers GET': { side: 'source', method: 'GET', path: REFERRERS, answer: true, world: 'referred' },
  'blob GET': { side: 'source', method: 'GET', path: BLOBS, answer: true },
  'stripe GET': { side: 'source', method: 'GET', path: BLOBS, skip: 2, answer: true, world: 'striped' },
  redirect: { side: 'source', method: 'GET', path: BLOBS, world: 'redirected' },
  'redirected GET': { side: 'source', method: 'GET', path: /^\/blob-origin\//, answer: true, world: 'redirected' },
};

type Strike = {
  /** True where it is tried; else why it is not. */
  readonly at: (step: Step) => true | string;
  readonly fault: (point: number, registry: TestRegistry, step: Step) => Fault;
};

const isWithToken = (step: Step) => step.world === 'bearer' && !step.path.test('/token');
const anywhere = (step: Step): true | string =>
  isWithToken(step) ? 'the request is as without a token, which is struck' : true;
const withAnswer = (step: Step): true | string =>
  step.answer === true ? anywhere(step) : 'nothing of the answer is read but its head';
const withSession = (step: Step): true | string =>
  step.path === UPLOADS && step.method !== 'POST' ? anywhere(step) : 'the request names no session that could be lost';
const whileWatched = (step: Step): true | string =>
  step.path === UPLOADS && step.method === 'PUT'
    ? 'a registry may take minutes to look through a blob before it answers, so nothing tells it from a silent one'
    : anywhere(step);

/** A body that is taken byte by byte opens no window (RFC 9293, 3.8.6.2.2), so the kernel sends nothing: a stall. */
const whereSlow = (step: Step): true | string =>
  step.body === true && !isWithToken(step)
    ? 'who takes a byte at a time is to TCP one who takes none: stall'
    : withAnswer(step);

/** What may go wrong with one request. */
export const STRIKES: Readonly<Record<string, Strike>> = {
  reset: { at: anywhere, fault: (afterBytes) => ({ reset: true, afterBytes }) },
  stall: { at: whileWatched, fault: (afterBytes) => ({ stall: true, afterBytes }) },
  truncate: { at: withAnswer, fault: (truncate) => ({ truncate }) },
  corrupt: { at: withAnswer, fault: (corrupt) => ({ corrupt }) },
  'slow as a byte every 100 ms': { at: whereSlow, fault: () => ({ trickleMs: 100 }) },
  '429': { at: anywhere, fault: () => ({ status: 429, retryAfter: 1 }) },
  '500': { at: anywhere, fault: () => ({ status: 500 }) },
  '503 with Retry-After': { at: anywhere, fault: () => ({ status: 503, retryAfter: 1 }) },
  '401 expired': {
    at: (step) => (step.path.test('/token') ? 'a token is asked for with a password, and those do not expire' : true),
    fault: (_, registry, step) => ({ status: 401, headers: { 'www-authenticate': challengeOf(step, registry) } }),
  },
  'session forgotten': {
    at: withSession,
    fault: () => ({ status: 404, body: UNKNOWN, contentType: 'application/json' }),
  },
  '416': {
    at: (step) => (step.world === 'striped' ? true : withSession(step)),
    fault: () => ({ status: 416 }),
  },
  'duplicate answer': {
    at: (step) => (step.side === 'target' ? anywhere(step) : 'reading twice changes nothing'),
    fault: () => ({ loseAnswer: true }),
  },
};

/** The token that was good a moment ago is not any more. */
function challengeOf(step: Step, registry: TestRegistry): string {
  if (!isWithToken(step)) return 'Basic realm="test"';
  const scope = `repository:${REPOSITORY}:pull,push`;
  return `Bearer realm="${registry.url}/token",service="test-registry",scope="${scope}",error="invalid_token"`;
}

const UNKNOWN = JSON.stringify({ errors: [{ code: 'BLOB_UPLOAD_UNKNOWN', message: 'upload unknown' }] });

export type MatrixCase = { readonly name: string; readonly step: string; readonly strike: string };

const ALL = Object.entries(STEPS).flatMap(([step, about]) =>
  Object.entries(STRIKES).map(([strike, { at }]) => ({ name: `${step}: ${strike}`, step, strike, isTried: at(about) })),
);

/** Every strike at every step where it can happen. */
export const MATRIX: readonly MatrixCase[] = ALL.filter(({ isTried }) => isTried === true);

/** All others, and why each is not tried. */
export const LEFT_OUT: Readonly<Record<string, string>> = Object.fromEntries(
  ALL.flatMap(({ name, isTried }) => (isTried === true ? [] : [[name, isTried]])),
);

/**
 * Copies an image with one request struck, as a leg does, attempt after attempt; ends when it is placed. Each attempt
 * ends within its deadline, and with an error that says whose it was; what is at the target is right to the byte.
 */
export async function runMatrixCase({ step: name, strike }: MatrixCase, seed: number): Promise<void> {
  const step = STEPS[name];
  const struck = STRIKES[strike];
  if (step === undefined || struck === undefined) throw new Error(`there is no ${name}: ${strike}`);
  const { world } = step;
  await using bench = await openCopyBench({
    stallMs: STALL_MS,
    headersTimeoutMs: 2 * STALL_MS,
    ...(world === 'redirected' ? { source: { redirectBlobs: true } } : {}),
    ...(world === 'bearer' ? { target: { auth: { kind: 'bearer', username: 'ci', password: 'secret' } } } : {}),
    ...(world === 'striped' ? { chunkBytes: 4 * 1024 * 1024 } : {}),
    ...(world === 'unlisted' ? { target: { referrers: false } } : {}),
  });
  const image = world === 'striped' ? STRIPED : PLAIN;
  const isReferred = world === 'referred' || world === 'unlisted';
  await seedImage(bench.source, REPOSITORY, TAG, image);
  if (isReferred) await seedImage(bench.source, REPOSITORY, undefined, REFERRER);
  if (world === 'mounted') await bench.copy({ image, repository: 'team/base' });
  const registry = step.side === 'source' ? bench.source : bench.main.registry;
  if (step.after !== undefined) {
    const { method, ...fault } = step.after;
    registry.failNext(method, fault);
  }
  const point = pointOf(step, `${seed} ${name} ${strike}`);
  const { skip } = step;
  const path =
    step === STEPS['blob GET']
      ? layerOf(image, '/blobs/')
      : step === STEPS['redirected GET']
        ? layerOf(image, '^/blob-origin/.*')
        : step.path;
  registry.failNext(step.method, {
    path,
    ...(skip === undefined ? {} : { skip }),
    ...struck.fault(point, registry, step),
  });
  await copyUntilPlaced(bench, {
    image,
    referrers: isReferred,
    ...(world === 'striped' ? { origin: farOrigin(bench.sourceClient) } : {}),
  });
  if (isReferred) await expectReferred(bench);
  if (world === 'bearer') await expectStored(bench.main.registry, image);
  else await expectPlaced(bench.main, image);
}

async function copyUntilPlaced(bench: CopyBench, wish: CopyWish): Promise<void> {
  for (let left = ATTEMPTS; ; left -= 1) {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    try {
      await bench.copy({ ...wish, signal });
      return;
    } catch (error) {
      expect(signal.aborted, `it did not end: ${error}`).toBe(false);
      expect(error).toBeInstanceOf(Failure);
      expect(error).toMatchObject({
        details: { side: expect.stringMatching(/^(source|target)$/), step: expect.any(String) },
      });
      if (left === 1) throw error;
    }
  }
}

/** The layer alone: a point within it may lie beyond the end of the small blobs, which are asked for at the same time. */
function layerOf(image: typeof PLAIN, before: string): RegExp {
  const [layer] = [...image.blobs].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  return new RegExp(`${before}${layer?.digest}`);
}

/** The referrer is at the target, and who asks there what refers to the image is told of it, once. */
async function expectReferred({ main }: CopyBench): Promise<void> {
  await expectPlaced(main, REFERRER, REPOSITORY, REFERRER.digest);
  const { referrers } = await main.target.client.listReferrers(REPOSITORY, PLAIN.digest);
  expect(referrers.map(({ digest }) => digest)).toEqual([REFERRER.digest]);
}

/** The same as `expectPlaced`, past the registry's door. */
async function expectStored({ storage }: TestRegistry, image: typeof PLAIN): Promise<void> {
  expect(await storage.findTag(REPOSITORY, TAG)).toBe(image.digest);
  for (const { digest, bytes } of image.blobs)
    expect(await storage.findBlob(REPOSITORY, digest)).toEqual({ sizeBytes: bytes.byteLength });
}

/** Somewhere within what moves: a part of a small document, or of a layer. */
function pointOf(step: Step, seed: string): number {
  let hash = 2166136261;
  for (const letter of seed) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
  if (step.body === undefined && step.answer === undefined) return 0;
  // The last chunk of a small blob is small, too.
  const isLayer =
    (step.path === UPLOADS && step.method === 'PATCH') || step.path === BLOBS || step.world === 'redirected';
  return 1 + (hash % (isLayer ? 8_000 : 100));
}
