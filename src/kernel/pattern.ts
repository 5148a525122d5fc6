/** An image pattern such as `team/*` or `*`: `*` stands for any characters, slashes too; all else is itself. */
export function matchesPattern(pattern: string, name: string): boolean {
  return patternExpression(pattern).test(name);
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

const expressions = new Map<string, RegExp>();

function patternExpression(pattern: string): RegExp {
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    const source = pattern.split(/\*+/).map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    expression = new RegExp(`^${source.join('[^]*')}$`);
    if (expressions.size > 10_000) expressions.clear();
    expressions.set(pattern, expression);
  }
  return expression;
}
