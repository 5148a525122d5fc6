import { archiveInvalid } from './archive-failure.ts';

/** Linux's PATH_MAX: a longer path could not have been a file. */
const MAX_PATH_BYTES = 4096;

/**
 * A tar entry's name → its path within the archive, parts joined by single slashes, without `./`; the root itself is
 * empty. Throws `archive_invalid` for names that leave the archive or are made to be misread.
 */
export function parseEntryPath(name: string): string {
  checkName(name, `the entry "${shown(name)}"`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw archiveInvalid(`the entry "${shown(name)}" climbs out of the archive`);
  return parts.join('/');
}

/** Where a link at `path` points to. A hard link's target counts from the archive's root, a symbolic one's from the link's folder. */
export function resolveLink(path: string, kind: 'link' | 'symlink', target: string): string {
  const what = `the link "${shown(path)}" to "${shown(target)}"`;
  checkName(target, what);
  const parts = kind === 'symlink' ? path.split('/').slice(0, -1) : [];
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw archiveInvalid(`${what} climbs out of the archive`);
  }
  return parts.join('/');
}

function checkName(name: string, what: string): void {
  if (name === '') throw archiveInvalid(`${what} has no name`);
  if (Buffer.byteLength(name) > MAX_PATH_BYTES)
    throw archiveInvalid(`${what} has a name of more than ${MAX_PATH_BYTES} bytes`);
  if (name.startsWith('/')) throw archiveInvalid(`${what} is absolute`);
  if (name.includes('\\')) throw archiveInvalid(`${what} has a backslash in its name`);
  if (/\p{Cc}/u.test(name)) throw archiveInvalid(`${what} has control characters in its name`);
}

function shown(name: string): string {
  const text = name.replaceAll(/\p{Cc}/gu, '?');
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
