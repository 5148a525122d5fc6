/** How many changes are told one by one; a configuration that is new as a whole need not be retold. */
const MAX_TOLD = 100;
const MAX_VALUE_LENGTH = 200;

/**
 * What has changed between two configurations, in words and in the order of the newer one: `clusters.us-east-prod.pulls: home → choice`,
 * `registries.korea: added`. Lists of things that have a name are compared by it. Configurations hold no secrets, only
 * where they are.
 */
export function describeChanges(before: unknown, after: unknown): readonly string[] {
  const changes = [...compare('', before, after)];
  if (changes.length <= MAX_TOLD) return changes;
  return [...changes.slice(0, MAX_TOLD), `and ${changes.length - MAX_TOLD} more`];
}

function* compare(path: string, before: unknown, after: unknown): Generator<string> {
  const [a, b] = [toRecord(before), toRecord(after)];
  if (a !== undefined && b !== undefined) {
    for (const key of new Set([...Object.keys(b), ...Object.keys(a)]))
      yield* compare(path === '' ? key : `${path}.${key}`, a[key], b[key]);
    return;
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (before === undefined) yield `${path}: added${b === undefined ? `, ${show(after)}` : ''}`;
  else if (after === undefined) yield `${path}: removed${a === undefined ? `, was ${show(before)}` : ''}`;
  else yield `${path}: ${show(before)} → ${show(after)}`;
}

/** An object as it is, a list of named things by their names; undefined for everything else. */
function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (Array.isArray(value)) {
    const named = value.map((item) => [nameOf(item), item] as const);
    return value.length > 0 && named.every(([name]) => name !== undefined) ? Object.fromEntries(named) : undefined;
  }
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { name, key, pattern } = item as Record<string, unknown>;
  const found = name ?? key ?? pattern;
  return typeof found === 'string' ? found : undefined;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
