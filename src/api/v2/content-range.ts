/** The place of an uploaded chunk: `absent`, `malformed`, or the first and last byte it holds. */
export type ContentRange = 'absent' | 'malformed' | { readonly offset: number; readonly sizeBytes: number };

/**
 * The protocol's own form of `Content-Range`, `first-last` with the last byte included and neither unit nor total
 * (distribution-spec 1.1, "Pushing a blob in chunks"). RFC 9110's form with both is understood as well, because
 * generic HTTP libraries write it.
 */
export function parseContentRange(header: string | undefined): ContentRange {
  if (header === undefined) return 'absent';
  const match = /^(?:bytes )?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  if (match?.[1] === undefined || match[2] === undefined) return 'malformed';
  const offset = Number(match[1]);
  const sizeBytes = Number(match[2]) - offset + 1;
  return sizeBytes < 1 ? 'malformed' : { offset, sizeBytes };
}

/** Bytes held so far as `Range` says them. Nothing held is `0-0` as well: the form cannot tell it from one byte. */
export function formatHeldRange(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}
