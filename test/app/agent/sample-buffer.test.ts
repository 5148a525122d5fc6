import { readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SampleBuffer } from '../../../src/app/agent/sample-buffer.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

const sample = (position: number, more: Record<string, unknown> = {}) => ({
  ...{ id: `s_${position}`, at: new Date(1_700_000_000_000 + position).toISOString() },
  ...more,
});

test('a sample is on disk when it is kept and gone when it is acknowledged, over restarts', async () => {
  await using folder = await openTempFolder('buffer');
  const lost: string[] = [];
  const open = () => new SampleBuffer(folder.path, (id, why) => lost.push(`${id}: ${why}`));
  const buffer = open();
  for (const position of [2, 1, 3]) buffer.add(sample(position));
  buffer.add(sample(2));
  expect(readdirSync(folder.path)).toHaveLength(3);
  // What a kill left half written, and what something else damaged.
  writeFileSync(`${folder.path}/1700000000009-x.json.7.new`, '{"id":');
  writeFileSync(`${folder.path}/1700000000008-x.json`, '{"id":');
  const again = open();
  expect(again.first(10, 1_000_000).map(({ id }) => id)).toEqual(['s_1', 's_2', 's_3']);
  expect(lost).toEqual(['1700000000008-x.json: its file is damaged']);
  again.remove('s_1');
  again.remove('s_1');
  expect(
    open()
      .first(10, 1_000_000)
      .map(({ id }) => id),
  ).toEqual(['s_2', 's_3']);
  expect(readdirSync(folder.path)).toHaveLength(2);
});

test('samples are sent in batches of bounded size, one at least; beyond its bounds the oldest give way', async () => {
  await using folder = await openTempFolder('buffer');
  const lost: string[] = [];
  const buffer = new SampleBuffer(folder.path, (id) => lost.push(id));
  const big = 'x'.repeat(25 * 2 ** 20);
  for (const position of [1, 2, 3]) buffer.add(sample(position, { big }));
  expect(lost).toEqual(['s_1']);
  expect(buffer.first(10, 1_000).map(({ id }) => id)).toEqual(['s_2']);
  expect(buffer.first(1, Number.POSITIVE_INFINITY)).toHaveLength(1);
  expect(buffer.size).toBe(2);
});
