import { expect, it } from 'vitest';
import type { Digest } from '../../../src/oci/digest.ts';
import type { SyncContext } from '../../../src/sync/push/sync-context.ts';
import { UploadSweeper } from '../../../src/sync/push/upload-sweeper.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { world } from '../../api/samples.ts';
import { TestClock } from '../../support/test-clock.ts';
import { CHUNK_BYTES, openCopyBench, REPOSITORY } from '../copy/support/copy-bench.ts';

const HOUR_MS = 3_600_000;

async function openSweep(isInUse: (upload: { digest: Digest }) => boolean = () => false) {
  const bench = await openCopyBench();
  const clock = new TestClock();
  const { target, registry } = bench.main;
  const context: Pick<SyncContext, 'world' | 'journal' | 'directory' | 'clock' | 'log'> = {
    world,
    journal: bench.journal,
    directory: {
      registry: (name) =>
        name === 'main' ? ({ target } as ReturnType<SyncContext['directory']['registry']>) : undefined,
      source: () => undefined,
    },
    clock,
    log: silentLog,
  };
  return {
    ...{ bench, clock, target, registry },
    sweeper: new UploadSweeper({ context, isInUse }),
    /** A session at the registry, as an interrupted upload leaves it. */
    async leave(digest: Digest, change: { registry?: string; updatedAt?: number } = {}): Promise<string> {
      const id = await registry.storage.startUpload(REPOSITORY, 'sha256');
      const location = `${registry.url}/v2/${REPOSITORY}/blobs/uploads/${id}`;
      const stands = { location, offset: 0, sentUpTo: 0, updatedAt: clock.nowMs() };
      await bench.journal.save({ registry: 'main', repository: REPOSITORY, digest, ...stands, ...change });
      return id;
    },
    isOpen: async (id: string) => (await registry.storage.findUpload(REPOSITORY, id)) !== undefined,
  };
}

it('what was left is given back once nobody has touched it for so long, and not before', async () => {
  const { bench, clock, sweeper, leave, isOpen } = await openSweep();
  await using _bench = bench;
  const image = await bench.seed();
  const id = await leave(image.digest);
  // It was noted by a clock that has been set back since.
  const later = await leave((await bench.seed({ seed: 'later' }, 'v2')).digest, { updatedAt: clock.nowMs() + HOUR_MS });
  sweeper.start();
  await expect.poll(() => isOpen(later)).toBe(false);
  expect(await isOpen(id)).toBe(true);
  clock.advance(HOUR_MS + 60_000);
  await expect.poll(() => bench.journal.entries.size).toBe(0);
  expect(await isOpen(id)).toBe(false);
  await sweeper.stop();
});

it('a copy that needs the blob just then waits, and sends it in a session of its own', async () => {
  const { bench, sweeper, leave, isOpen, registry } = await openSweep();
  await using _bench = bench;
  const image = await bench.seed({ layers: [{ size: 2 * CHUNK_BYTES }] });
  const [layer] = image.blobs.toSorted((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  if (layer === undefined) throw new Error('the image has no layers');
  const id = await leave(layer.digest, { updatedAt: 1 });
  registry.failNext('DELETE', { delayMs: 100 });
  sweeper.start();
  await expect.poll(() => registry.count('DELETE', /uploads/)).toBe(1);
  await bench.copy({ image });
  expect(await isOpen(id)).toBe(false);
  expect(registry.requests.filter(({ method, path }) => method === 'PATCH' && path.includes(id))).toEqual([]);
  await sweeper.stop();
  expect(bench.journal.entries.size).toBe(0);
});

it('a registry that does not answer is asked again, one that is not there any more is not', async () => {
  const { bench, clock, sweeper, leave, isOpen, registry } = await openSweep();
  await using _bench = bench;
  const image = await bench.seed();
  const id = await leave(image.digest, { updatedAt: clock.nowMs() - 2 * HOUR_MS });
  await leave((await bench.seed({ seed: 'gone' }, 'v2')).digest, { registry: 'gone', updatedAt: 1 });
  registry.failNext('DELETE', { reset: true });
  sweeper.start();
  await expect.poll(() => registry.count('DELETE', /uploads/)).toBe(1);
  await expect.poll(() => bench.journal.entries.size).toBe(1);
  expect(await isOpen(id)).toBe(true);
  clock.advance(60_000);
  await expect.poll(() => bench.journal.entries.size).toBe(0);
  expect(await isOpen(id)).toBe(false);
  await sweeper.stop();
});

it('what somebody is at work with is left alone', async () => {
  const { bench, clock, sweeper, leave, isOpen, target } = await openSweep(({ digest }) => digest === measured);
  await using _bench = bench;
  const measured = (await bench.seed()).digest;
  const crossing = (await bench.seed({ seed: 'crossing' }, 'v2')).digest;
  const sessions = [await leave(measured, { updatedAt: 1 }), await leave(crossing, { updatedAt: 1 })];
  const left = await leave((await bench.seed({ seed: 'left' }, 'v3')).digest, { updatedAt: 1 });
  target.crossing.set(crossing, Promise.resolve(REPOSITORY));
  sweeper.start();
  await expect.poll(() => isOpen(left)).toBe(false);
  expect(await Promise.all(sessions.map(isOpen))).toEqual([true, true]);
  target.crossing.clear();
  clock.advance(60_000);
  await expect.poll(() => bench.journal.entries.size).toBe(1);
  await sweeper.stop();
});
