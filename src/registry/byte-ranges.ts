/**
 * `bytes 5-9/20` → the bytes [5, 10), and how large the whole is (undefined for `*`). What cannot be is undefined.
 * Source: RFC 9110, section 14.4.
 */
export function parseContentRange(
  header: string | undefined,
): { startsAt: number; endsAt: number; totalBytes: number | undefined } | undefined {
  const match = /^\s*bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)\s*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const totalBytes = match[3] === '*' ? undefined : Number(match[3]);
  const startsAt = Number(match[1]);
  const endsAt = Number(match[2]) + 1;
  if (endsAt <= startsAt || (totalBytes !== undefined && endsAt > totalBytes)) return undefined;
  return { startsAt, endsAt, totalBytes };
}

/** The size in the `bytes *\/20` that comes with a 416. */
export function parseUnsatisfiedRange(header: string | undefined): number | undefined {
  const match = /^\s*bytes\s+\*\/(\d{1,15})\s*$/i.exec(header ?? '');
  return match === null ? undefined : Number(match[1]);
}

/**
 * The `Range` of an upload session, `0-N` → the offset to go on at, N+1. Undefined when it is missing or says nothing:
 * `0-0` is one byte by the text of distribution-spec 1.1, and none as distribution answers it right after the POST.
 */
export function parseUploadOffset(header: string | undefined): number | undefined {
  const match = /^\s*(?:bytes\s*=?\s*)?0-(\d{1,15})\s*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const last = Number(match[1]);
  return last === 0 ? undefined : last + 1;
}
