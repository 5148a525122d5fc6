import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { depotPaths, findPartDigest } from './depot-paths.ts';

/**
 * Removes what interrupted landings have left of blobs that nobody waits for any more: their push was cancelled, or
 * found them in place by another way. It would take room that is counted nowhere. Only while nothing lands.
 */
export async function dropUnneededParts(folder: string, needed: ReadonlySet<Digest>): Promise<void> {
  const { landing } = depotPaths(folder);
  for (const name of await readdir(landing)) {
    const digest = findPartDigest(name);
    if (digest !== undefined && !needed.has(digest)) await rm(join(landing, name), { force: true });
  }
}
