import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { ImageOwners } from '../../../src/sync/push/image-owners.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

it('is the same for an image as long as somebody has it, and is not kept for images that nobody pushes any more', async () => {
  const owners = new ImageOwners();
  const held = parseRepositoryName('team/held');
  const owner = owners.of(held);
  for (let n = 0; n < 1_000; n += 1) owners.of(parseRepositoryName(`team/app${n}`));
  await expect
    .poll(() => {
      collect();
      return owners.size;
    })
    .toBe(1);
  expect(owners.of(held)).toBe(owner);
});
