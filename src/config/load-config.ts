import { dirname, resolve } from 'node:path';
import type { World } from '../regions/world.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkNames } from './check-names.ts';
import { checkOidc } from './check-oidc.ts';
import { checkReferences } from './check-references.ts';
import { checkRegistries } from './check-registries.ts';
import { checkSourcePatterns } from './check-source-patterns.ts';
import { toConfigFailure } from './config-failure.ts';
import { documentSchema } from './document-schema.ts';
import { formatPath, type Mistake } from './mistake.ts';
import { isMapping, type RawDocument, toRawDocument } from './raw-document.ts';
import { readConfigFile } from './read-config-file.ts';
import { toMistakes } from './schema-mistakes.ts';
import { toWorld } from './world-from-document.ts';
import { readYamlDocument } from './yaml-document.ts';

/**
 * The configured world from a YAML file. Throws one `config_invalid` with every mistake of the file, each with its
 * path and position (`details.errors`; the message lists them for reading). Secrets are not read, only named.
 */
export async function loadConfig(path: string): Promise<World> {
  return parseConfig(await readConfigFile(path), path);
}

/** The same from a text; `path` names it in mistakes, and its folder is where relative `file:` paths start. */
export function parseConfig(text: string, path: string): World {
  const { value, mistakes, locate } = readYamlDocument(text);
  if (value === undefined) throw toConfigFailure(path, mistakes, locate);
  const parsed = documentSchema.safeParse(value, { reportInput: true });
  const formal = [...mistakes, ...toMistakes(parsed.error?.issues ?? [])];
  const found = [...formal, ...withoutRepeats(isMapping(value) ? checkParts(toRawDocument(value)) : [], formal)];
  if (found.length > 0 || !parsed.success) throw toConfigFailure(path, found, locate);
  return toWorld(parsed.data, dirname(resolve(path)));
}

function checkParts(raw: RawDocument): Mistake[] {
  return [
    ...checkNames(raw),
    ...checkRegistries(raw),
    ...checkCredentials(raw),
    ...checkReferences(raw),
    ...checkSourcePatterns(raw),
    ...checkOidc(raw),
  ];
}

/** A value that is wrong in itself needs no second mistake that follows from it. */
function withoutRepeats(mistakes: readonly Mistake[], reported: readonly Mistake[]): Mistake[] {
  const paths = new Set(reported.map(({ path }) => formatPath(path)));
  return mistakes.filter(({ path }) => !paths.has(formatPath(path)));
}
