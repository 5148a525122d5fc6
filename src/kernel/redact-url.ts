/** A URL fit for logs and errors: without user info, and with every query value hidden (presigned URLs carry secrets). */
export function redactUrl(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return '[not a URL]';
  }
  const keys = [...new Set(parsed.searchParams.keys())];
  const query = keys.length === 0 ? '' : `?${keys.map((key) => `${key}=…`).join('&')}`;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`;
}
