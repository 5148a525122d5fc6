import { expect, it } from 'vitest';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { PullHolder } from '../../src/pull/pull-holder.ts';
import { WithheldBlobs } from '../../src/pull/withheld-blobs.ts';

const holder = (registry: string, name: string) =>
  ({ registry, repository: parseRepositoryName(name), client: {} }) as PullHolder;

it('what a registry keeps to itself is remembered for a minute, for one repository and for blobs that are no larger', () => {
  let nowMs = 0;
  const withheld = new WithheldBlobs(() => nowMs);
  withheld.note(holder('hk', 'team/app'), 100);
  const has = (registry: string, name: string, sizeBytes: number) => withheld.has(holder(registry, name), sizeBytes);
  expect([has('hk', 'team/app', 100), has('hk', 'team/app', 101)]).toEqual([true, false]);
  expect([has('sg', 'team/app', 100), has('hk', 'team/web', 100)]).toEqual([false, false]);
  nowMs = 60_000;
  expect(has('hk', 'team/app', 100)).toBe(false);
});
