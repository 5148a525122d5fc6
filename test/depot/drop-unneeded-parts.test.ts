import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { depotPaths } from '../../src/depot/depot-paths.ts';
import { dropUnneededParts } from '../../src/depot/drop-unneeded-parts.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openTempFolder } from '../support/temp-folder.ts';

it('what an interrupted landing left stays while a push needs the blob, and goes with its note when none does', async () => {
  await using folder = await openTempFolder('depot');
  const paths = depotPaths(folder.path);
  await mkdir(paths.landing, { recursive: true });
  const [needed, unneeded] = [digestOf(Buffer.from('needed')), digestOf(Buffer.from('unneeded'))];
  for (const path of [needed, unneeded].flatMap((digest) => [paths.part(digest), paths.note(digest)]))
    await writeFile(path, 'x');
  await dropUnneededParts(folder.path, new Set([needed]));
  const left = (await readdir(paths.landing)).map((name) => join(paths.landing, name));
  expect(left.sort()).toEqual([paths.note(needed), paths.part(needed)].sort());
});
