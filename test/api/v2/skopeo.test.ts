import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { hasSkopeo, skopeo } from '../../support/skopeo.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

it.skipIf(!hasSkopeo())(
  'skopeo pulls an index of two platforms, pushes it on, and finds every byte again',
  async () => {
    await using from = await openTestRegistry({
      auth: { kind: 'bearer', username: 'ci', password: 'secret' },
      redirectBlobs: true,
    });
    await using to = await openTestRegistry({
      auth: { kind: 'basic', username: 'ci', password: 'secret' },
      locations: 'absolute',
    });
    await using folder = await openTempFolder('skopeo');
    const image = makeImage({
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: [{ size: 3_000_000 }, { size: 10, shared: true }],
    });
    await seedImage(from, 'team/app', '1.2.3', image);
    const copy = (...args: string[]) => skopeo(['copy', '--all', '--preserve-digests', ...args]);
    const fromFlags = ['--src-tls-verify=false', '--src-creds=ci:secret'];
    await copy(
      ...fromFlags,
      '--dest-tls-verify=false',
      '--dest-creds=ci:secret',
      `docker://${from.address}/team/app:1.2.3`,
      `docker://${to.address}/moved/app:1.2.3`,
    );
    expect(to.count('PATCH')).toBeGreaterThan(0);
    await copy(
      '--src-tls-verify=false',
      '--src-creds=ci:secret',
      `docker://${to.address}/moved/app:1.2.3`,
      `dir:${folder.path}`,
    );
    expect((await readFile(join(folder.path, 'manifest.json'))).equals(image.bytes)).toBe(true);
    for (const blob of image.blobs) {
      expect((await readFile(join(folder.path, blob.digest.replace('sha256:', '')))).equals(blob.bytes)).toBe(true);
    }
  },
);
