import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { DocumentPath, Mistake } from './mistake.ts';
import { isShowableKey } from './showable-key.ts';

/** What the tree of a YAML text shows before it is turned into values. */
export type YamlStructure = {
  readonly mistakes: readonly Mistake[];
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Node, Node>;
  /** False when the tree cannot be turned into values without harm. */
  readonly readable: boolean;
};

// The deepest place the configuration knows is five levels down.
const MAX_DEPTH = 32;

/** Looks for keys written twice, keys that are not text, aliases of nothing, merges of what is no mapping, and absurd depth. */
export function checkYamlStructure(root: Node, getLine: (offset: number) => number): YamlStructure {
  const mistakes: Mistake[] = [];
  const targets = new Map<Node, Node>();
  const anchors = new Map<string, Node>();
  let readable = true;
  const refuse = (mistake: Mistake): void => {
    mistakes.push(mistake);
    readable = false;
  };

  const visit = (node: unknown, path: DocumentPath, depth: number): void => {
    if (isAlias(node)) {
      visitAlias(node, path);
      return;
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (depth > MAX_DEPTH) {
      refuse({ path: path.slice(0, 4), detail: 'is nested too deeply', at: node.range?.[0] });
      return;
    }
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...path, index], depth + 1);
    if (isMap(node)) visitPairs(node.items, path, depth + 1);
  };

  const visitAlias = (alias: Alias, path: DocumentPath): void => {
    const target = anchors.get(alias.source);
    if (target === undefined)
      refuse({ path, detail: 'is an alias (*) of an anchor (&) that is not defined above it', at: alias.range?.[0] });
    else targets.set(alias, target);
  };

  const visitPairs = (pairs: readonly Pair[], path: DocumentPath, depth: number): void => {
    const firstUses = new Map<string, Node>();
    for (const { key, value } of pairs) {
      if (!isScalar(key) || (typeof key.value === 'object' && key.value !== null)) {
        visit(key, path, depth);
        refuse({ path, detail: 'has a key that is not plain text', at: offsetOf(key) });
        continue;
      }
      if (key.anchor !== undefined) anchors.set(key.anchor, key);
      const name = getKeyText(key);
      const keyPath = isShowableKey(path, name) ? [...path, name] : path;
      if (name === '__proto__')
        mistakes.push({ path: keyPath, detail: 'is a key that must not be used', at: offsetOf(key) });
      const first = firstUses.get(name);
      if (first === undefined) firstUses.set(name, key);
      else
        mistakes.push({
          path: keyPath,
          detail: `is written twice; first on line ${getLine(offsetOf(first))}`,
          at: offsetOf(key),
        });
      visit(value, keyPath, depth);
      if (name === '<<') checkMerge(value, keyPath);
    }
  };

  const checkMerge = (value: unknown, path: DocumentPath): void => {
    const resolved = isAlias(value) ? targets.get(value) : value;
    const parts = isSeq(resolved) ? resolved.items : [resolved];
    const areMaps = parts.every((part) => isMap(isAlias(part) ? targets.get(part) : part));
    if (!areMaps) refuse({ path, detail: 'must be a mapping or an alias (*) of one', at: offsetOf(value) });
  };

  visit(root, [], 0);
  return { mistakes, targets, readable };
}

function offsetOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

/** A key as it becomes one of the plain value; the merge key is a symbol to the library. */
export function getKeyText({ value }: Scalar): string {
  return typeof value === 'symbol' ? (value.description ?? '') : String(value ?? '');
}
