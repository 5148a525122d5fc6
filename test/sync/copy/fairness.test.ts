import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { CHUNK_BYTES, type CopyBench, openCopyBench, REPOSITORY } from './support/copy-bench.ts';
import { expectPlaced } from './support/expect-placed.ts';

const sent = ({ main }: CopyBench, method: string) =>
  main.registry.requests.filter((request) => request.method === method && request.path.includes('/uploads/'));

it('a small image is placed while a large one crosses, although all places were taken before it came', async () => {
  await using bench = await openCopyBench({ slots: 1 });
  const large = await bench.seed(
    { seed: 1, layers: [{ size: 8 * CHUNK_BYTES + 1 }, { size: 8 * CHUNK_BYTES + 2 }] },
    'large',
  );
  const small = await bench.seed({ seed: 2, layers: [{ size: 2_000 }] }, 'small');
  // Slow enough that it is certain which of the two is first.
  bench.main.registry.failNext('PATCH', { delayMs: 25, times: 16 });
  const crossing = bench.start({ image: large, tag: 'large' });
  await eventually(() => sent(bench, 'PATCH').length > 0);
  await bench.copy({ image: small, tag: 'small' });
  expect(sent(bench, 'PATCH').length).toBeLessThan(12);
  await crossing.done;
  await expectPlaced(bench.main, small, REPOSITORY, 'small');
  await expectPlaced(bench.main, large, REPOSITORY, 'large');
  // Whoever gives way goes on where it was: nothing is sent twice, nothing begins again.
  expect(crossing.counts).toMatchObject({ resentBytes: 0, restarted: 0 });
});
