import { expect, it } from 'vitest';
import { blobsAtOnce } from '../../../src/sync/copy/blobs-at-once.ts';

it('takes as many blobs as configured on a near path, and never more than three on a long one', () => {
  expect([1, 4, 6, 100].map((configured) => blobsAtOnce(configured, false))).toEqual([1, 4, 6, 100]);
  expect([1, 4, 6, 100].map((configured) => blobsAtOnce(configured, true))).toEqual([1, 3, 3, 3]);
});
