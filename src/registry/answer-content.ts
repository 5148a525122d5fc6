import type { HttpResponse } from '../net/http-client.ts';

/** A web page: what proxies, portals and wrong addresses answer with status 200. */
export function isHtml(response: Pick<HttpResponse, 'headers'>): boolean {
  return mediaTypeOf(response)?.startsWith('text/html') === true;
}

/** The media type without its parameters, in lower case. */
export function mediaTypeOf(response: Pick<HttpResponse, 'headers'>): string | undefined {
  return response.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

/** A whole number of bytes in a header, or undefined when it is missing or no such number. */
export function parseSizeHeader(header: string | undefined): number | undefined {
  const size = /^\s*\d{1,15}\s*$/.test(header ?? '') ? Number(header) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** JSON bytes → value, or undefined when they are none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
