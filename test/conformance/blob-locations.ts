import { describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { BlobLocations } from '../../src/sync/copy/blob-locations.ts';
import { sampleDigest } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

const app = 'team/app' as RepositoryName;
const web = 'team/web' as RepositoryName;

/** What every implementation of the port `BlobLocations` does. */
export function describeBlobLocations(name: string, open: OpenForTest<BlobLocations>): void {
  describe(`${name} as blob locations`, () => {
    test('a blob is where it was seen last, at each registry on its own', async () => {
      await using opened = await open();
      const { store } = opened;
      const digest = sampleDigest('layer');
      expect(await store.find('singapore', digest)).toBeUndefined();
      await store.add('singapore', app, [digest]);
      await store.add('singapore', web, [digest]);
      await store.add('tokyo', app, [digest]);
      expect(await store.find('singapore', digest)).toBe(web);
      expect(await store.find('tokyo', digest)).toBe(app);
    });

    test('many blobs are added at once, none is fine too', async () => {
      await using opened = await open();
      const { store } = opened;
      const digests = Array.from({ length: 450 }, (_, n) => sampleDigest(`layer ${n}`));
      await store.add('singapore', app, digests);
      await store.add('singapore', app, []);
      for (const digest of digests) expect(await store.find('singapore', digest)).toBe(app);
    });

    test('a blob that is not there any more is forgotten there, and only there', async () => {
      await using opened = await open();
      const { store } = opened;
      const digest = sampleDigest('layer');
      await store.add('singapore', app, [digest]);
      await store.add('tokyo', app, [digest]);
      await store.forget('singapore', digest);
      expect(await store.find('singapore', digest)).toBeUndefined();
      expect(await store.find('tokyo', digest)).toBe(app);
    });
  });
}
