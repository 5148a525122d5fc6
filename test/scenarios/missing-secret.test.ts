import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { makeImage } from '../support/test-image.ts';

type Health = { readonly name: string; readonly health: { readonly healthy: boolean; readonly reason: string | null } };
type Legs = { readonly transfers: readonly { readonly state: string; readonly error: { code: string } | null }[] };

test('a secret that is missing stops no start: its registry says so and its transfers wait, even where anybody may push', async () => {
  await using origin = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await seedImage(origin, 'team/app', '1', makeImage());
  await using service = await openTestService({
    registries: {
      singapore: {
        url: singapore.url,
        entry: { credentials: { username: 'env:NOT_SET', password: 'env:NOT_SET_EITHER' } },
      },
    },
    source: origin,
    choose: 'singapore',
  });
  const { api } = service;
  const { health } = await eventually(async () => {
    const { items } = (await api.send('GET', '/v1/registries')).body as unknown as { items: readonly Health[] };
    return items.find((entry) => entry.health.healthy === false);
  });
  expect(health.reason).toContain('the environment variable NOT_SET');
  const { id } = (await api.send('POST', '/v1/pushes', { image: 'team/app:1', source: 'harbor.bj/team/app:1' })).body;
  const leg = await eventually(async () => {
    const { transfers } = (await api.send('GET', `/v1/pushes/${id}`)).body as unknown as Legs;
    return transfers.find(({ state }) => state === 'waiting');
  });
  expect(leg.error).toMatchObject({ code: 'secret_missing' });
  expect(singapore.requests).toEqual([]);
});
