/** An image pattern such as `team/*` or `*`: `*` stands for any characters, slashes too; all else is itself. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  // What stands between stars is taken as early as possible, so no choice is ever taken back.
  const end = name.length - last.length;
  let at = first.length;
  for (const text of rest) {
    const found = name.indexOf(text, at);
    if (found < 0 || found + text.length > end) return false;
    at = found + text.length;
  }
  return true;
}

/** How specific a pattern is: the length of its text before the first `*`; an exact name is more than any pattern. */
export function patternWeight(pattern: string): number {
  const star = pattern.indexOf('*');
  return star < 0 ? Number.POSITIVE_INFINITY : star;
}

/**
 * Orders patterns from the most to the least specific. The rule is the length before the first `*`; where two are
 * equal there the longer one wins and then the lesser text, so that the order never depends on who came first.
 */
export function comparePatterns(a: string, b: string): number {
  const weights = [patternWeight(a), patternWeight(b)] as const;
  if (weights[0] !== weights[1]) return weights[0] > weights[1] ? -1 : 1;
  return b.length - a.length || (a < b ? -1 : a > b ? 1 : 0);
}
