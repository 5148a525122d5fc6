import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { readSecret } from '../../src/config/read-secret.ts';
import { makeTempFolder } from './temp-folder.ts';

test('a variable gives its value, which does not print', async () => {
  const secret = await readSecret({ from: 'env', name: 'ACR_PASSWORD' }, readEnvironment({ ACR_PASSWORD: 'hunter2' }));
  expect(secret.reveal()).toBe('hunter2');
  expect(`${secret}${JSON.stringify({ secret })}${inspect(secret)}`).not.toContain('hunter2');
});

test.each([{}, { ACR_PASSWORD: '' }, { ACR_PASSWORD: ' \n' }])(
  'a variable that is missing or empty is named: %j',
  async (env) => {
    await expect(readSecret({ from: 'env', name: 'ACR_PASSWORD' }, readEnvironment(env))).rejects.toMatchObject({
      code: 'secret_missing',
      message: 'reading a secret: the environment variable ACR_PASSWORD is not set or empty',
    });
  },
);

test('a variable is not looked for among what objects inherit', async () => {
  await expect(readSecret({ from: 'env', name: 'toString' }, readEnvironment({}))).rejects.toMatchObject({
    code: 'secret_missing',
  });
});

test('a file gives its first line, trimmed, and is read anew each time', async () => {
  const path = join(await makeTempFolder(), 'password');
  await writeFile(path, '  hunter2 \r\nsecond line\n');
  expect((await readSecret({ from: 'file', name: path }, readEnvironment({}))).reveal()).toBe('hunter2');
  await writeFile(path, 'rotated');
  expect((await readSecret({ from: 'file', name: path }, readEnvironment({}))).reveal()).toBe('rotated');
});

test('a file that is missing, empty, a folder or no file at all is named', async () => {
  const folder = await makeTempFolder();
  await writeFile(join(folder, 'empty'), '\nhunter2');
  await mkdir(join(folder, 'folder'));
  for (const path of [join(folder, 'none'), join(folder, 'empty'), join(folder, 'folder'), '/dev/zero']) {
    const reading = readSecret({ from: 'file', name: path }, readEnvironment({}));
    await expect(reading).rejects.toMatchObject({ code: 'secret_missing', message: expect.stringContaining(path) });
    await expect(reading).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  }
});
