import { expect, it } from 'vitest';
import { giveBack } from '../../src/kernel/give-back.ts';
import { lendPiece } from '../../src/kernel/lent-pieces.ts';

const KIB = 1024;

it('lends again what was given back, and nothing that is in somebody’s hands', () => {
  const first = lendPiece(300 * KIB);
  const second = lendPiece(300 * KIB);
  expect(second.buffer).not.toBe(first.buffer);
  giveBack([first]);
  // Shorter, and of the same memory.
  const third = lendPiece(290 * KIB);
  expect(third.byteLength).toBe(290 * KIB);
  expect(third.buffer).toBe(first.buffer);
  expect(lendPiece(300 * KIB).buffer).not.toBe(second.buffer);
});

it('takes back only the whole piece, and only once', () => {
  const lent = lendPiece(100 * KIB);
  giveBack([lent.subarray(1), lent.subarray(0, 10)]);
  expect(lendPiece(100 * KIB).buffer).not.toBe(lent.buffer);
  giveBack([lent, lent]);
  expect(lendPiece(100 * KIB).buffer).toBe(lent.buffer);
  expect(lendPiece(100 * KIB).buffer).not.toBe(lent.buffer);
});

it('leaves shared memory alone that was not lent', () => {
  const own = new Uint8Array(new SharedArrayBuffer(128 * KIB));
  giveBack([own]);
  expect(own.byteLength).toBe(128 * KIB);
  expect(lendPiece(128 * KIB).buffer).not.toBe(own.buffer);
});

it('keeps no more than is worth keeping', () => {
  const pieces = Array.from({ length: 40 }, () => lendPiece(1024 * KIB));
  giveBack(pieces);
  const known = new Set(pieces.map(({ buffer }) => buffer));
  const again = Array.from({ length: 40 }, () => lendPiece(1024 * KIB));
  const kept = again.filter(({ buffer }) => known.has(buffer)).length;
  expect(kept).toBeGreaterThan(8);
  expect(kept).toBeLessThanOrEqual(16);
});
