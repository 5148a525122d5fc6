import { expect, it } from 'vitest';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { makeImage } from '../../support/test-image.ts';

it('a push keeps the cap of its registry, over all its layers together, and another registry is not held up by it', async () => {
  await using source = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await using japan = await openTestRegistry();
  await seedImage(source, 'team/app', '1', makeImage({ layers: [{ size: 300_000 }, { size: 300_000 }] }));
  await using service = await openTestService({
    source,
    registries: {
      singapore: { url: singapore.url, entry: { bandwidth: { bytesPerSecond: '500kB' } } },
      // The cap of one hour that ends where it begins is that of the whole day.
      japan: {
        url: japan.url,
        entry: { bandwidth: { bytesPerSecond: '1kB', hours: [{ from: 0, to: 0, bytesPerSecond: '1GB' }] } },
      },
    },
    choose: 'singapore',
  });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['singapore', 'japan'],
  });
  const push = await service.api.untilFinal(id);
  expect(push.state).toBe('placed');
  const [slow, fast] = ['singapore', 'japan'].map((name) => {
    const leg = push.transfers.find(({ registry }) => registry === name);
    return Date.parse(leg?.placedAt ?? '') - Date.parse(push.createdAt);
  });
  // 600 kB at 500 kB/s, the first 50 ms in advance.
  expect(slow).toBeGreaterThan(1_100);
  expect(fast).toBeLessThan(slow ?? 0);
});
