import { expect, test } from 'vitest';
import { diskFailure } from '../../src/depot/disk-failure.ts';

test.each([
  ['ENOSPC', 'disk_full', true],
  ['EDQUOT', 'disk_full', true],
  // They are free again once others have ended: a push waits for that.
  ['EMFILE', 'not_ready', true],
  ['ENFILE', 'not_ready', true],
  ['EIO', 'data_unusable', false],
])('%s is %s', (code, expected, mayRetry) => {
  const failure = diskFailure('writing a blob', Object.assign(new Error(`${code}: no`), { code }));
  expect([failure.code, failure.mayRetry, failure.details.side]).toEqual([expected, mayRetry, 'here']);
  expect(failure.message).toContain('writing a blob');
});
