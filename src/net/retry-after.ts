/** A remote may not make us wait longer than this before we look again. */
const MAX_WAIT_MS = 60 * 60 * 1_000;

/**
 * `Retry-After` → milliseconds from now, at most one hour; undefined when it is missing or means nothing.
 * Source: RFC 9110, section 10.2.3: a number of seconds or an HTTP-date.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1_000), MAX_WAIT_MS);
  // Date.parse takes nearly anything, so only what looks like an HTTP-date reaches it.
  if (!/^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(atMs - nowMs, 0), MAX_WAIT_MS);
}
