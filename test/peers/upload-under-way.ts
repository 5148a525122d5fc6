import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';

/** Waits until a service has a good part of a layer that is pushed to it, and not all of it. */
export async function untilMidway(dataPath: string, layerBytes: number): Promise<void> {
  const uploads = join(dataPath, 'depot/door/uploads');
  await eventually(
    async () => {
      for (const name of await readdir(uploads)) {
        const { size } = await stat(join(uploads, name));
        if (size > 5_000_000 && size < layerBytes) return true;
      }
      return undefined;
    },
    { everyMs: 2, what: 'the layer being under way' },
  );
}
