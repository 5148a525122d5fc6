import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { findNames, hasCode } from '../registry-folder/folder-files.ts';
import type { FolderPaths } from '../registry-folder/folder-paths.ts';
import { AFTER_PUSH_MS, type DoorHolds, HOLD_MS } from './door-holds.ts';
import type { RunningTime } from './running-time.ts';

/** Nothing runs for thirty years: a file that is younger has its time from the wall clock, from a version that used that. */
const WALL_CLOCK_FROM_MS = Date.UTC(2000);

/** Notes at the file that says that a repository has a blob when a client was told so: by the time that services have run. */
export async function noteTold(path: string, running: RunningTime): Promise<void> {
  await noteTime(path, running.nowMs());
}

/** Notes that a push has the blob: as if the client had been told so long ago that only the time after a push is left. */
export async function notePushed(path: string, running: RunningTime): Promise<void> {
  await noteTime(path, running.nowMs() + AFTER_PUSH_MS - HOLD_MS);
}

async function noteTime(path: string, atMs: number): Promise<void> {
  const at = new Date(atMs);
  await utimes(path, at, at).catch((error: unknown) => {
    // Somebody deletes it in this instant.
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}

/** Holds again what clients of earlier runs were told. */
export async function holdAgain(
  paths: FolderPaths,
  repositories: AsyncIterable<RepositoryName>,
  { running, holds }: { running: RunningTime; holds: DoorHolds },
): Promise<void> {
  const told: { digest: Digest; atMs: number }[] = [];
  for await (const repository of repositories) {
    for (const algorithm of (await findNames(paths.blobs(repository))) ?? []) {
      for (const hex of (await findNames(join(paths.blobs(repository), algorithm))) ?? []) {
        const digest = `${algorithm}:${hex}`;
        if (isDigest(digest)) told.push({ digest, atMs: (await stat(paths.blob(repository, digest))).mtimeMs });
      }
    }
  }
  const isRunningTime = (atMs: number) => atMs < WALL_CLOCK_FROM_MS;
  for (const { atMs } of told) if (isRunningTime(atMs)) running.isAtLeast(atMs);
  for (const { digest, atMs } of told)
    holds.hold(digest, Math.max(0, (isRunningTime(atMs) ? running.nowMs() : Date.now()) - atMs));
}
