import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file that its owner alone can read, durably and in one go, in place of what is there. */
export function writeOwnersFile(path: string, text: string): void {
  const unfinished = `${path}.new`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  // The umask may have taken bits away; nothing may have added any.
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, path);
}
