import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import type { Fault } from '../../support/registry-faults.ts';
import { seedImage } from '../../support/seed-image.ts';
import { makeImage, type TestImage, type TestImageOptions } from '../../support/test-image.ts';
import { CHUNK_BYTES, type CopyBench, openCopyBench, REPOSITORY, TAG } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';
import { readBack } from './support/read-back.ts';

const SEED = Number(process.env.TEST_SEED ?? 20261123);
const DEADLINE_MS = 15_000;

const image = fc.record<TestImageOptions>(
  {
    layers: fc.array(
      fc.record({
        size: fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 3 * CHUNK_BYTES })),
        seed: fc.integer({ min: 0, max: 5 }),
        shared: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    platforms: fc.constantFrom(['linux/amd64'], ['linux/amd64', 'linux/arm64']),
    nested: fc.boolean(),
    attestations: fc.boolean(),
    dockerSchema2: fc.boolean(),
    emptyLayer: fc.boolean(),
  },
  { requiredKeys: ['layers'] },
);

const afterBytes = fc.integer({ min: 0, max: CHUNK_BYTES });
const skip = fc.integer({ min: 0, max: 3 });
const failing = fc.record({
  status: fc.constantFrom(429, 500, 502, 503, 504),
  retryAfter: fc.integer({ min: 0, max: 5 }),
  skip,
});
const cutting = fc.record({ reset: fc.constant(true), afterBytes, skip });
const losing = fc.record({ loseAnswer: fc.constant(true), skip });
const targetFault = fc.tuple(
  fc.constantFrom('PATCH', 'PUT', 'POST', 'HEAD', 'GET', '*'),
  fc.oneof<fc.Arbitrary<Fault>[]>(
    failing,
    cutting,
    losing,
    fc.record({ status: fc.constantFrom(404, 416, 400), path: fc.constant(/uploads/), skip }),
  ),
);
const sourceFault = fc.tuple(
  fc.constant('GET'),
  fc.oneof<fc.Arbitrary<Fault>[]>(
    failing,
    cutting,
    fc.record({ truncate: afterBytes, skip }),
    fc.record({ corrupt: afterBytes, skip }),
    fc.record({ stall: fc.constant(true), afterBytes, skip }),
  ),
);
const world = fc.record({
  options: image,
  present: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  target: fc.constantFrom({}, { ecr: true }, { forgetsCutUploads: true }, { locations: 'state' as const }),
  ranges: fc.boolean(),
  sourceFaults: fc.array(sourceFault, { maxLength: 3 }),
  targetFaults: fc.array(targetFault, { maxLength: 4 }),
});

/** Puts some of the image's blobs at the target, under a manifest of nobody. */
async function seedSome(bench: CopyBench, made: TestImage, present: readonly boolean[]): Promise<void> {
  const bytes = made.blobs.filter((_, place) => present[place]).map((blob) => ({ bytes: blob.bytes }));
  if (bytes.length > 0)
    await seedImage(bench.main.registry, REPOSITORY, undefined, makeImage({ layers: bytes, seed: 'nobody' }));
}

it(`a copy ends placed or with a failure, and the tag never names something that is not whole (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ options, present, target, ranges, sourceFaults, targetFaults }) => {
      const bench = await openCopyBench({ source: { ranges }, target, stallMs: 150 });
      try {
        const made = await bench.seed(options);
        await seedSome(bench, made, present);
        for (const [method, fault] of sourceFaults) bench.source.failNext(method, fault);
        for (const [method, fault] of targetFaults) bench.main.registry.failNext(method, fault);
        let failure: unknown;
        // Each fault strikes once, so that each failure leaves fewer of them.
        for (let left = 1 + sourceFaults.length + targetFaults.length + 2; left > 0; left -= 1) {
          failure = await bench.copy({ image: made, signal: AbortSignal.timeout(DEADLINE_MS) }).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure === undefined) break;
          expect(failure).toBeInstanceOf(Failure);
          expect(failure).toMatchObject({
            details: { side: expect.stringMatching(/^(source|target)$/), step: expect.any(String) },
          });
          await wholeOrNothing(bench);
        }
        expect(failure).toBeUndefined();
        expect(bench.journal.entries.size).toBe(0);
        expect(bench.main.target.crossing.size).toBe(0);
        await drainFaults(() => expectPlaced(bench.main, made));
      } finally {
        await closeBench(bench);
      }
    }),
    { seed: SEED, numRuns: 25, endOnFailure: true },
  );
}, 60_000);

async function wholeOrNothing(bench: CopyBench): Promise<void> {
  await drainFaults(() => readBack(bench.main.registry.url, REPOSITORY, TAG));
}

/** Whoever reads back may meet a fault that waits still; what it finds then is no answer. */
async function drainFaults(read: () => Promise<unknown>): Promise<void> {
  for (let left = 8; ; left -= 1) {
    try {
      await read();
      return;
    } catch (error) {
      const isFault = error instanceof Error && /answered|fetch failed|terminated/.test(error.message);
      if (!isFault || left === 0) throw error;
    }
  }
}

/** Not every fault meets a request that it could strike. */
async function closeBench(bench: CopyBench): Promise<void> {
  try {
    await bench[Symbol.asyncDispose]();
  } catch (error) {
    ignoreUnused(error);
  }
}

function ignoreUnused(error: unknown): void {
  if (error instanceof SuppressedError) {
    ignoreUnused(error.error);
    ignoreUnused(error.suppressed);
  } else if (!(error instanceof Error && error.message.startsWith('faults that did not happen'))) throw error;
}
