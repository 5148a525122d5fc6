import type { UploadJournal, UploadJournalEntry } from '../../../../src/sync/push/push-store.ts';

/** A journal that a test can look into and write to. No leg needs what is in it. */
export type MemoryJournal = UploadJournal & { readonly entries: Map<string, UploadJournalEntry> };

export function memoryJournal(): MemoryJournal {
  const entries = new Map<string, UploadJournalEntry>();
  const key = (...parts: string[]) => parts.join(' ');
  return {
    entries,
    find: async (registry, repository, digest) => entries.get(key(registry, repository, digest)),
    list: async (registry, repository) =>
      [...entries.values()].filter((entry) => entry.registry === registry && entry.repository === repository),
    save: async (entry) => {
      entries.set(key(entry.registry, entry.repository, entry.digest), entry);
    },
    remove: async (registry, repository, digest) => {
      entries.delete(key(registry, repository, digest));
    },
    rename: async (registry, repository, provisional, digest) => {
      const noted = entries.get(key(registry, repository, provisional));
      if (noted === undefined) return;
      entries.delete(key(registry, repository, provisional));
      entries.set(key(registry, repository, digest), { ...noted, digest });
    },
    unneeded: async ({ fromMs, toMs }) =>
      [...entries.values()].filter(({ updatedAt }) => updatedAt < fromMs || updatedAt > toMs),
  };
}
