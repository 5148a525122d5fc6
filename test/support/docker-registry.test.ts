import { expect, it } from 'vitest';
import { hasDockerRegistry, openDockerRegistry } from './docker-registry.ts';
import { pushImage } from './seed-image.ts';
import { hasSkopeo, skopeo } from './skopeo.ts';
import { openTempFolder } from './temp-folder.ts';
import { makeImage } from './test-image.ts';

it.skipIf(!hasDockerRegistry())('a real docker-registry starts, takes an image, and is gone when stopped', async () => {
  await using folder = await openTempFolder('docker-registry');
  const registry = await openDockerRegistry({ folder: folder.path });
  try {
    await pushImage(registry.url, 'team/app', 'v1', makeImage({ platforms: ['linux/amd64'] }));
    if (hasSkopeo())
      expect(
        await skopeo(['inspect', '--raw', '--tls-verify=false', `docker://${registry.address}/team/app:v1`]),
      ).toContain('linux');
  } finally {
    await registry.stop();
  }
  await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
});
