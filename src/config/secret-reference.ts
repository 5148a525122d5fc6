import { resolve } from 'node:path';
import type { SecretReference } from '../regions/world.ts';

// POSIX.1-2017, "Environment Variable Definition": what a shell can set.
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `env:NAME` or `file:PATH` → the reference, a relative path taken from `folder`; undefined when it is neither. */
export function findSecretReference(text: string, folder: string): SecretReference | undefined {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length);
    return VARIABLE_NAME.test(name) ? { from: 'env', name } : undefined;
  }
  const path = findFilePath(text, folder);
  return path === undefined ? undefined : { from: 'file', name: path };
}

/** `file:PATH` → the absolute path, a relative one taken from `folder`; undefined when it is not of that form. */
export function findFilePath(text: string, folder: string): string | undefined {
  if (!text.startsWith('file:')) return undefined;
  const path = text.slice('file:'.length);
  return path.trim() === '' || path.includes('\0') ? undefined : resolve(folder, path);
}
