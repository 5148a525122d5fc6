import { expect } from 'vitest';
import type { TestImage } from '../../../support/test-image.ts';
import { type BenchTarget, REPOSITORY, TAG } from './copy-bench.ts';
import { readBack } from './read-back.ts';

/** The whole image is at the target, byte for byte, and the tag names it. */
export async function expectPlaced(
  { registry }: BenchTarget,
  image: TestImage,
  repository: string = REPOSITORY,
  tag: string = TAG,
): Promise<void> {
  const found = await readBack(registry.url, repository, tag);
  expect(found?.manifests.get(found.root)?.equals(image.bytes)).toBe(true);
  const byDigest = await readBack(registry.url, repository, image.digest);
  for (const manifest of image.manifests)
    expect(byDigest?.manifests.get(manifest.digest)?.equals(manifest.bytes), manifest.digest).toBe(true);
}
