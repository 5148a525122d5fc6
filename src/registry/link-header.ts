/** The target of `rel="next"` in a Link header that may hold several links, or undefined. Source: RFC 8288, section 3. */
export function findNextLink(header: string | undefined): string | undefined {
  const text = (header ?? '').slice(0, 16 * 1024);
  for (const match of text.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(match[2] ?? '');
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/);
    if (names.includes('next') && match[1] !== undefined && match[1] !== '') return match[1].trim();
  }
  return undefined;
}
