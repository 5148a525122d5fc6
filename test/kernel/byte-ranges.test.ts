import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteRanges } from '../../src/kernel/byte-ranges.ts';

const range = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => ({ offset: Math.min(a, b), end: Math.max(a, b) }));
const change = fc.record({ how: fc.constantFrom('add' as const, 'remove' as const), range });

it('holds the bytes that a set of numbers would, in the fewest ranges', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), range, (changes, asked) => {
      const ranges = new ByteRanges();
      const bytes = new Set<number>();
      for (const { how, range: each } of changes) {
        ranges[how](each);
        for (let at = each.offset; at < each.end; at += 1) how === 'add' ? bytes.add(at) : bytes.delete(at);
      }
      const flat = (list: readonly { offset: number; end: number }[]) =>
        list.flatMap(({ offset, end }) => Array.from({ length: end - offset }, (_, n) => offset + n));
      expect(flat(ranges.ranges)).toEqual([...bytes].sort((a, b) => a - b));
      expect(ranges.ranges.every(({ offset }, n) => n === 0 || offset > (ranges.ranges[n - 1]?.end ?? 0))).toBe(true);
      expect(ranges.bytes).toBe(bytes.size);
      expect(flat(ranges.missingOf(asked))).toEqual(flat([asked]).filter((at) => !bytes.has(at)));
      for (let at = 0; at < 40; at += 1) expect(ranges.find(at) !== undefined).toBe(bytes.has(at));
    }),
    { seed: 20261126 },
  );
});
