import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '../../src/store/store.ts';
import { seedReleases } from '../../test/store/seed-releases.ts';

/** A data folder with so many placed releases and a configuration file, both below `folder`. */
export async function makeSeededFolder(
  folder: string,
  { releases, config }: { releases: number; config: string },
): Promise<{ dataPath: string; configPath: string }> {
  const dataPath = join(folder, 'data');
  await mkdir(dataPath, { mode: 0o700 });
  await (await openStore({ folder: dataPath })).close();
  seedReleases(join(dataPath, 'entrepot.db'), releases);
  const configPath = join(folder, 'regions.yaml');
  await writeFile(configPath, config);
  return { dataPath, configPath };
}
