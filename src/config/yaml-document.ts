import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { DocumentPath, Mistake } from './mistake.ts';
import { findYamlErrorText } from './yaml-error-text.ts';
import { checkYamlStructure, getKeyText } from './yaml-structure.ts';

/** 1-based. */
export type Position = { readonly line: number; readonly column: number };

/** A YAML text as plain values, and where in the text each of them stands. */
export type YamlDocument = {
  /** Undefined when the text could not be turned into values; `mistakes` then says why. */
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  locate(mistake: Mistake): Position;
};

// A file of 1 MiB may refer to its anchors this often, nested references multiplied; an alias bomb needs millions.
const MAX_ALIAS_COUNT = 1_000;

/** Reads YAML 1.2 (core schema, anchors, merge keys). Never throws: whatever is wrong is among the mistakes. */
export function readYamlDocument(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const toPosition = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(Math.min(Math.max(offset, 0), text.length));
    return line === 0 ? { line: 1, column: offset + 1 } : { line, column: col };
  };
  const failed = (...mistakes: Mistake[]): YamlDocument => ({
    value: undefined,
    mistakes,
    locate: ({ at }) => toPosition(typeof at === 'number' ? at : 0),
  });

  let document: Document.Parsed;
  try {
    // Duplicate keys are looked for in checkYamlStructure: the library's way takes quadratic time.
    document = parseDocument(text, {
      lineCounter,
      merge: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (error) {
    return failed({
      path: [],
      detail: error instanceof RangeError ? 'is nested too deeply' : 'is not YAML that can be read',
    });
  }
  const syntax = [...document.errors, ...document.warnings].map(toMistake);
  if (syntax.length > 0) return failed(...syntax);
  if (document.contents === null)
    return failed({ path: [], detail: 'is empty; it must at least name registries and sites' });

  const structure = checkYamlStructure(document.contents, (offset) => toPosition(offset).line);
  if (!structure.readable) return failed(...structure.mistakes);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch {
    return failed(...structure.mistakes, {
      path: [],
      detail: 'its aliases expand to more than a configuration can need',
    });
  }
  const locate = ({ path, at }: Mistake): Position =>
    toPosition(typeof at === 'number' ? at : findOffset(document.contents, path, at ?? 'value', structure.targets));
  return { value, mistakes: structure.mistakes, locate };
}

function toMistake(error: YAMLError): Mistake {
  return { path: [], detail: findYamlErrorText(error.code), at: error.pos[0] };
}

/** Where the value at a path begins, or its key; where the path ends early, the last thing on it that is written. */
function findOffset(
  root: Node | null,
  path: DocumentPath,
  at: 'value' | 'key',
  targets: ReadonlyMap<Node, Node>,
): number {
  let node: unknown = root;
  let keyOffset = 0;
  for (const step of path) {
    const entry = findEntry(node, step, targets, 0);
    if (entry === undefined) return keyOffset;
    keyOffset = startOf(entry.key) ?? startOf(entry.value) ?? keyOffset;
    node = entry.value;
  }
  // An empty value (`kind:`) has no text to point at.
  const isEmpty = isScalar(node) && node.value === null && (node.source ?? '') === '';
  return at === 'key' || isEmpty ? keyOffset : (startOf(node) ?? keyOffset);
}

function findEntry(
  node: unknown,
  step: string | number,
  targets: ReadonlyMap<Node, Node>,
  depth: number,
): { key: unknown; value: unknown } | undefined {
  const target = isAlias(node) ? targets.get(node) : node;
  if (isSeq(target) && typeof step === 'number') {
    const item = target.items[step];
    return item === undefined ? undefined : { key: undefined, value: item };
  }
  if (!isMap(target) || depth > 8) return undefined;
  // Of keys written twice the last one counts.
  const pair = target.items.findLast(({ key }) => isScalar(key) && getKeyText(key) === String(step));
  if (pair !== undefined) return { key: pair.key, value: pair.value };
  for (const { key, value } of target.items) {
    if (!isScalar(key) || getKeyText(key) !== '<<') continue;
    const merged = isAlias(value) ? targets.get(value) : value;
    for (const part of isSeq(merged) ? merged.items : [merged]) {
      const entry = findEntry(part, step, targets, depth + 1);
      if (entry !== undefined) return entry;
    }
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
