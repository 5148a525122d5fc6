/** Which representations a caller has: whatever there is, or those of these tags. */
export type KnownTags = 'any' | ReadonlySet<string>;

/**
 * `If-None-Match` → the tags that it names, without their quotes: `*`, one, or a list. A weak tag is as good as a strong
 * one here; what is no tag names nothing. Source: RFC 9110 sections 13.1.2 and 8.8.3.
 */
export function parseIfNoneMatch(header: string | undefined): KnownTags {
  if (header?.trim() === '*') return 'any';
  return new Set([...(header ?? '').matchAll(/(?:W\/)?"([^"]*)"/g)].map(([, tag = '']) => tag));
}

/** Whether the caller has the representation of this tag, so that 304 is the answer. */
export function isKnownTag(known: KnownTags, tag: string): boolean {
  return known === 'any' || known.has(tag);
}
