import { utimes } from 'node:fs/promises';
import { findNames, findStat, hasCode } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';

/**
 * Upload sessions, by id, to which nothing was added for so long; those that somebody is at work on are passed over. What
 * was touched by a clock that was ahead counts from now on.
 */
export async function* findOldSessions(
  paths: FolderPaths,
  { keepMs, nowMs, isAtWork }: { keepMs: number; nowMs: number; isAtWork: (id: string) => boolean },
): AsyncGenerator<string> {
  const names = (await findNames(paths.uploads)) ?? [];
  for (const id of new Set(names.map((name) => name.slice(0, name.lastIndexOf('.'))))) {
    if (isAtWork(id)) continue;
    const data = await findStat(paths.uploadData(id));
    const facts = await findStat(paths.uploadFacts(id));
    const touchedAtMs = Math.max(data?.modifiedAtMs ?? 0, facts?.modifiedAtMs ?? 0);
    if (touchedAtMs > nowMs) await touch([paths.uploadFacts(id), paths.uploadData(id)], nowMs);
    if (nowMs - touchedAtMs > keepMs) yield id;
  }
}

async function touch(files: readonly string[], atMs: number): Promise<void> {
  const at = new Date(atMs);
  for (const path of files)
    await utimes(path, at, at).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
}
