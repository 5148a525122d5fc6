import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_ONLY_TO, MAY_IMPORT } from './imports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

type Import = { readonly file: string; readonly folder: string; readonly specifier: string };

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

/** The folder whose rules a file obeys: the most specific one of the table. */
function folderOf(file: string): string {
  const parts = dirname(file).split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const folder = parts.slice(0, length).join('/');
    if (folder in MAY_IMPORT) return folder;
  }
  return parts[0] ?? file;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;]*?\bfrom\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
  );
  return [...statements].flatMap((match) => {
    const specifier = match[1] ?? match[2] ?? match[3];
    return specifier === undefined ? [] : [{ file, folder: folderOf(file), specifier }];
  });
}

const files = sourceFiles();
const imports = files.flatMap(importsOf);

describe('architecture', () => {
  it('reads imports at all', () => {
    expect(imports.length).toBeGreaterThan(200);
  });

  it('has a row in the table for every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  it('imports only downward, as the table says', () => {
    const wrong = imports.filter(({ file, folder, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const target = folderOf(relative(SRC, resolve(SRC, dirname(file), specifier)));
      const allowed = MAY_IMPORT[folder] ?? [];
      return target !== folder && !allowed.includes(target) && !allowed.includes('*');
    });
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  it('keeps each such package in the folders that may know it', () => {
    const wrong = imports.filter(({ folder, specifier }) => {
      const name = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : (specifier.split('/')[0] ?? '');
      const knowing = KNOWN_ONLY_TO[name];
      return knowing !== undefined && !knowing.includes(folder.split('/')[0] ?? '');
    });
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(join(SRC, file), 'utf8')));
    expect(readers).toEqual(['config/environment.ts']);
  });

  it('shows the same table in docs/architecture.md', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z0-9/]+)` \| ([^|]*) \| ([^|]*) \|$/gm)].map(([, folder, , allowed]) => [
      folder,
      [...(allowed ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    ]);
    expect(Object.fromEntries(rows)).toEqual(MAY_IMPORT);
  });

  it('has no file over 350 lines: one concept a file', () => {
    const long = files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 350);
    expect(long).toEqual([]);
  });
});
