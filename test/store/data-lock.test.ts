import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataLock } from '../../src/store/data-lock.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { openChild } from './child-process.ts';

const URL = 'http://127.0.0.1:8080';

test('a second process is refused and told which one has the folder', async () => {
  await using folder = await openTempFolder('lock');
  await using first = openChild('./lock-holder.ts', [folder.path, URL]);
  expect(await first.nextLine()).toBe('locked');
  await using second = openChild('./lock-holder.ts', [folder.path]);
  const told = await second.nextLine();
  expect(told).toMatch(
    new RegExp(
      `^data_in_use: data folder ${folder.path} is in use by process ${first.process.pid} \\(started 20.*, listening at ${URL}\\)$`,
    ),
  );
});

test('a folder whose process was killed is free at once, its note notwithstanding', async () => {
  await using folder = await openTempFolder('lock');
  await using first = openChild('./lock-holder.ts', [folder.path, URL]);
  expect(await first.nextLine()).toBe('locked');
  await first.kill('SIGKILL');
  expect(existsSync(join(folder.path, 'lock.json'))).toBe(true);
  await using second = openChild('./lock-holder.ts', [folder.path]);
  expect(await second.nextLine()).toBe('locked');
  const note = JSON.parse(readFileSync(join(folder.path, 'lock.json'), 'utf8'));
  expect(note).toMatchObject({ pid: second.process.pid, url: null });
});

test('a folder that was given back is free, and its note is gone', async () => {
  await using folder = await openTempFolder('lock');
  await using first = openChild('./lock-holder.ts', [folder.path]);
  expect(await first.nextLine()).toBe('locked');
  first.process.stdin?.end();
  await once(first.process, 'exit');
  expect(existsSync(join(folder.path, 'lock.json'))).toBe(false);
  const lock = openDataLock(folder.path);
  lock.release();
  lock.release();
});

test('one process cannot take a folder twice, and a failed try does not give the first one’s away', async () => {
  await using folder = await openTempFolder('lock');
  const path = join(folder.path, 'new', 'data');
  const lock = openDataLock(path);
  for (const _ of [1, 2]) {
    expect(() => openDataLock(path)).toThrow(`is in use by process ${process.pid} (started`);
  }
  await using second = openChild('./lock-holder.ts', [path]);
  expect(await second.nextLine()).toContain('data_in_use');
  lock.release();
  openDataLock(path).release();
});

test('a note that cannot be read does not keep the refusal from being one', async () => {
  await using folder = await openTempFolder('lock');
  const lock = openDataLock(folder.path);
  writeFileSync(join(folder.path, 'lock.json'), '{"pid": "what');
  expect(() => openDataLock(folder.path)).toThrow('is in use by another process');
  lock.release();
});

test('a folder that cannot be made is unusable', async () => {
  await using folder = await openTempFolder('lock');
  writeFileSync(join(folder.path, 'file'), '');
  expect(() => openDataLock(join(folder.path, 'file'))).toThrow(expect.objectContaining({ code: 'data_unusable' }));
});
