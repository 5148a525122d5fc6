import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openCopyBench } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

/** Far more than a landing keeps in memory for those who follow it. */
const SIZE = 12 * 1024 * 1024;

it('a leg that does not move keeps back neither the landing nor another leg, and gets the right bytes later', async () => {
  await using bench = await openCopyBench({ chunkBytes: 4 * 1024 * 1024 });
  const image = await bench.seed({ layers: [{ size: SIZE }] });
  const layer = image.blobs.find(({ bytes }) => bytes.byteLength === SIZE);
  if (layer === undefined) throw new Error('the image has no layer');
  const stuck = await bench.openTarget();
  // The first chunk stops in its middle, and the connection stays.
  stuck.registry.failNext('PATCH', { stall: true, afterBytes: 100_000 });
  const stop = new AbortController();
  const waiting = bench.start({ image, target: stuck, signal: stop.signal });
  const ended = waiting.done.catch(() => {});
  await eventually(() => stuck.registry.requests.some(({ bytesIn }) => bytesIn >= 100_000));
  await bench.copy({ image });
  await expectPlaced(bench.main, image);
  await eventually(() => bench.depot.find(layer.digest)?.sizeBytes === SIZE);
  // All of it while the other has not moved on.
  expect(stuck.registry.count('PUT', /manifests/)).toBe(0);
  expect(bench.source.count('GET', new RegExp(layer.digest))).toBeLessThanOrEqual(2);
  stop.abort();
  await ended;
  await bench.copy({ image, target: stuck });
  await expectPlaced(stuck, image);
  expect(bench.source.count('GET', new RegExp(layer.digest))).toBeLessThanOrEqual(2);
});
