import { expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { EarlyBytes } from '../../../src/sync/push/early-bytes.ts';

const app = parseRepositoryName('team/app');
const digest = (n: number) => digestOf(Buffer.from(`blob ${n}`));

it('gives each blob once, to the registry and image that it crossed for', () => {
  const bytes = new EarlyBytes();
  bytes.add('singapore', app, digest(1), { sent: 5, again: 0 });
  expect(bytes.take('korea', app, digest(1))).toBeUndefined();
  expect(bytes.take('singapore', parseRepositoryName('team/web'), digest(1))).toBeUndefined();
  expect(bytes.take('singapore', app, digest(1))).toEqual({ sent: 5, again: 0 });
  expect(bytes.take('singapore', app, digest(1))).toBeUndefined();
});

it('sums what several attempts sent, as it is when it is taken', () => {
  const bytes = new EarlyBytes();
  const growing = { sent: 1, again: 0 };
  bytes.add('singapore', app, digest(1), growing);
  bytes.add('singapore', app, digest(1), { sent: 5, again: 2 });
  growing.sent = 10;
  expect(bytes.take('singapore', app, digest(1))).toEqual({ sent: 15, again: 2 });
});

it('forgets the longest known of those whose push never came', () => {
  const bytes = new EarlyBytes();
  for (let n = 0; n <= 20_000; n += 1) bytes.add('singapore', app, digest(n), { sent: n, again: 0 });
  expect(bytes.take('singapore', app, digest(0))).toBeUndefined();
  expect(bytes.take('singapore', app, digest(1))).toEqual({ sent: 1, again: 0 });
});
