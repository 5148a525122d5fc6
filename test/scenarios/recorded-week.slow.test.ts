import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RawSample } from '../support/independent-figures.ts';
import { evaluateWeek } from './week-evaluation.ts';

/**
 * What `npm run scenario:benchmark -- --whole --samples` recorded on 2026-11-27, of 16 MB with cubic, on a machine with much
 * else to do: too much for the gate to record anew. A line is a sample, without what the rule does not look at.
 */
function readRecorded(world: 'day' | 'evening'): readonly RawSample[] {
  const text = readFileSync(join(import.meta.dirname, 'recorded', `cubic-${world}.ndjson`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RawSample);
}

test('of samples that were recorded with cubic the rule names Singapore on every day, while the fastest median changes', () => {
  const recorded = { day: readRecorded('day'), evening: readRecorded('evening') };
  const days = evaluateWeek('recorded', recorded, 1, Date.parse('2026-11-27T07:00:00Z'));
  expect(days.map(({ registry }) => registry)).toEqual(Array(7).fill('singapore'));
  expect(new Set(days.flatMap(({ fastest }) => fastest)).size).toBeGreaterThan(1);
});
