/** One challenge of a `WWW-Authenticate` header; scheme and parameter names in lower case. */
export type Challenge = { readonly scheme: string; readonly parameters: Readonly<Record<string, string>> };

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const MAX_LENGTH = 16 * 1024;

/**
 * Every challenge of a header that may hold several, joined by commas. Forgiving: what cannot be read is skipped, a
 * missing comma or quote ends what it belongs to.
 * Source: RFC 9110, section 11.6.1; distribution, docs/content/spec/auth/token.md.
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const text = (header ?? '').slice(0, MAX_LENGTH);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;

  const skip = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found?.[0];
  };

  while (at < text.length) {
    skip(/[\s,]+/y);
    const word = skip(TOKEN);
    if (word === undefined) {
      at += 1;
      continue;
    }
    const current = challenges.at(-1);
    if (current !== undefined && skip(/\s*=\s*/y) !== undefined) {
      const value = text[at] === '"' ? readQuoted() : (skip(/[^\s,]*/y) ?? '');
      current.parameters[word.toLowerCase()] ??= value;
    } else if (skip(/[ \t]+(?=[^=,\s])|(?=\s*(?:,|$))/y) !== undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: Object.create(null) });
    }
  }
  return challenges;

  function readQuoted(): string {
    let value = '';
    for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
      if (text[at] === '\\') at += 1;
      value += text[at] ?? '';
    }
    at += 1;
    return value;
  }
}
