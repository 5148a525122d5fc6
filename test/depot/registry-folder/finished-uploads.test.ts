import { expect, it } from 'vitest';
import { FinishedUploads } from '../../../src/depot/registry-folder/finished-uploads.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';

const A = parseRepositoryName('team/a');
const B = parseRepositoryName('team/b');
const ONE = digestOf(Buffer.from('one'));
const OTHER = digestOf(Buffer.from('other'));

it('knows for ten minutes which session became which blob of which repository', () => {
  let nowMs = 0;
  const finished = new FinishedUploads(() => nowMs);
  finished.note('first', A, ONE);
  nowMs = 600_000;
  finished.note('second', B, ONE);
  expect(finished.has('first', A, ONE)).toBe(true);
  expect(finished.has('first', A, OTHER)).toBe(false);
  expect(finished.has('first', B, ONE)).toBe(false);
  expect(finished.has('second', B, ONE)).toBe(true);
  expect(finished.has('third', A, ONE)).toBe(false);
  nowMs += 1;
  expect(finished.has('first', A, ONE)).toBe(false);
  expect(finished.has('second', B, ONE)).toBe(true);
});

it('remembers so many and no more', () => {
  const finished = new FinishedUploads(() => 0);
  for (let n = 0; n <= 10_000; n += 1) finished.note(`session ${n}`, A, ONE);
  expect(finished.has('session 0', A, ONE)).toBe(false);
  expect(finished.has('session 1', A, ONE)).toBe(true);
  expect(finished.has('session 10000', A, ONE)).toBe(true);
});

it("allows for ten minutes that a session it never knew was an earlier process's", () => {
  let nowMs = 5_000;
  const finished = new FinishedUploads(() => nowMs);
  finished.note('finished', A, ONE);
  finished.noteBegun('own');
  nowMs += 600_000;
  expect(finished.mayBeOfEarlierProcess('unheard of')).toBe(true);
  expect(finished.mayBeOfEarlierProcess('finished')).toBe(false);
  expect(finished.mayBeOfEarlierProcess('own')).toBe(false);
  nowMs += 1;
  expect(finished.mayBeOfEarlierProcess('unheard of')).toBe(false);
});
