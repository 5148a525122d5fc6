/** Bytes `[offset, end)` of a body, all of it, or none that exist. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly offset: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * A `Range` header → the bytes it asks of a body of `sizeBytes`. Forms other than one range of bytes (`a-b`, `a-`,
 * `-n`) ask for the whole, as RFC 9110 section 14.2 allows. `b` below `a` is answered as unsatisfiable, which the
 * conformance suite of the distribution-spec expects.
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const match = /^bytes\s*=\s*(\d{0,16})\s*-\s*(\d{0,16})$/i.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '') {
    const offset = Math.max(0, sizeBytes - Number(last));
    return offset < sizeBytes ? { kind: 'part', offset, end: sizeBytes } : { kind: 'unsatisfiable' };
  }
  const offset = Number(first);
  const end = last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  return offset < end ? { kind: 'part', offset, end } : { kind: 'unsatisfiable' };
}
