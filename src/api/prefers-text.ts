/** Does an `Accept` header want plain text rather than JSON? */
export function prefersText(accept: string | undefined): boolean {
  return prefersType(accept, 'text/plain');
}

/** Does an `Accept` header want this kind of text rather than JSON? It must be named and weigh more (RFC 9110, section 12.5.1). */
export function prefersType(accept: string | undefined, type: `text/${string}`): boolean {
  if (accept === undefined || !accept.includes('text/')) return false;
  const text = weightOf(accept, [type, 'text/*']);
  return text > 0 && text > weightOf(accept, ['application/json', 'application/*']);
}

/** The weight of the first of the ranges that the header names; 0 when it names none. */
function weightOf(accept: string, ranges: readonly string[]): number {
  const entries = accept.split(',').map((entry) => entry.split(';').map((part) => part.trim().toLowerCase()));
  for (const range of ranges) {
    const entry = entries.find(([type]) => type === range);
    if (entry === undefined) continue;
    const weight = entry.find((part) => part.startsWith('q='))?.slice(2);
    return weight === undefined ? 1 : Number(weight) || 0;
  }
  return 0;
}
