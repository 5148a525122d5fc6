import { execFileSync } from 'node:child_process';
import { closeSync, constants, createReadStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BoundedOutput } from '../../src/telemetry/bounded-output.ts';
import { eventually } from '../support/eventually.ts';
import { findProgram } from '../support/find-program.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const droppedLine = (count: number) => `dropped ${count}\n`;
const line = (n: number) => `${String(n).padStart(999, '.')}\n`;

it.skipIf(findProgram('mkfifo') === undefined)(
  'holds what a reader does not take, drops what is too much, and tells how much once it flows again',
  async () => {
    await using folder = await openTempFolder('output');
    const path = join(folder.path, 'pipe');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR);
    const output = new BoundedOutput({ fd, limitCharacters: 50_000, droppedLine });
    // 64 KiB are in the pipe, 50,000 characters wait, and of the rest nothing is kept.
    for (let n = 0; n < 1_000; n += 1) {
      output.write(line(n));
      if (n % 20 === 0) await new Promise(setImmediate);
    }
    const dropped = output.droppedLines;
    expect(dropped).toBeGreaterThan(800);
    expect(dropped).toBeLessThan(900);
    let read = '';
    const reader = createReadStream(path, { encoding: 'utf8' }).on('data', (text) => {
      read += text;
    });
    await eventually(() => read.includes('dropped '), { what: 'the line about dropped lines' });
    output.write('after\n');
    await eventually(() => read.endsWith('after\n'), { what: 'lines flowing again' });
    const lines = read.split('\n');
    expect(lines).toContain(`dropped ${dropped}`);
    expect(lines.filter((text) => text.length === 999)).toHaveLength(1_000 - dropped);
    expect(new Set(lines.map((text) => text.length))).toEqual(new Set([999, `dropped ${dropped}`.length, 5, 0]));
    reader.destroy();
  },
);

it('writes to a file in order', async () => {
  await using folder = await openTempFolder('output');
  const path = join(folder.path, 'log');
  const fd = openSync(path, 'w');
  const output = new BoundedOutput({ fd, droppedLine });
  for (let n = 0; n < 2_000; n += 1) output.write(`${n}\n`);
  await eventually(() => readFileSync(path, 'utf8').endsWith('1999\n'), { what: 'the last line' });
  expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 2_000 }, (_, n) => `${n}\n`).join(''));
  closeSync(fd);
});

it('a full disk loses lines that are too many, and nothing else', async () => {
  const fd = openSync('/dev/full', 'w');
  const output = new BoundedOutput({ fd, limitCharacters: 10_000, droppedLine });
  for (let n = 0; n < 100; n += 1) output.write(line(n));
  await new Promise(setImmediate);
  expect(output.droppedLines).toBe(90);
});
