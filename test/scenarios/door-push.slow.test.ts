import { expect, it } from 'vitest';
import { pushImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { blobUploads, openDoorWorld } from './door-world.ts';

it('fifty pushes at once of images that share a layer land it once and send it once to each registry', async () => {
  await using world = await openDoorWorld();
  const images = Array.from({ length: 50 }, (_, index) =>
    makeImage({
      layers: [
        { size: 40_000, seed: 'shared' },
        { size: 500, seed: `own ${index}` },
      ],
    }),
  );
  const shared = new Set(images.flatMap((each) => each.blobs.map((blob) => blob.digest)));
  await Promise.all(images.map((each, index) => pushImage(world.url, 'team/app', `v${index}`, each)));
  for (const [index] of images.entries()) {
    const { body } = await world.api.send('GET', `/v1/images/team%2Fapp/tags/v${index}`);
    await world.api.untilFinal((body as { push: string }).push);
  }
  for (const registry of [world.home, world.relay]) expect(blobUploads(registry)).toBe(shared.size);
  const { body } = await world.api.send('GET', '/v1/depot');
  expect((body as { blobs: number }).blobs).toBe(shared.size + images.length);
});
