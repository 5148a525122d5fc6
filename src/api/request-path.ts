import { getPath } from 'hono/utils/url';

const IMAGES = '/v1/images/';
const CHOICES = '/v1/choices/';

/**
 * The path that routes are matched against. Image names and patterns become exactly one percent-encoded segment, so
 * that `team/app` and `team%2Fapp` are one route; nothing of them is decoded here, so that each is decoded once, when
 * the route reads its parameter. Every other path is what Hono makes of it.
 *
 * After `/v1/images/` the path is read from the right: `choice/history`, `choice` and `tags/{tag}` at its end are not
 * part of the name. A path that is already in the encoded form wins over that reading, so `app/tags/choice` is the tag
 * `choice` of `app`; whoever means the image `app/tags` writes `app%2Ftags/choice`.
 */
export function getRequestPath(request: Request): string {
  const { url } = request;
  const start = url.indexOf('/', url.indexOf(':') + 4);
  if (url.startsWith(IMAGES, start))
    return IMAGES + encodeImagePath(url.slice(start + IMAGES.length, endOfPath(url, start)));
  if (url.startsWith(CHOICES, start)) {
    return CHOICES + url.slice(start + CHOICES.length, endOfPath(url, start)).replaceAll('/', '%2F');
  }
  return getPath(request);
}

function encodeImagePath(rest: string): string {
  if (!rest.includes('/')) return rest;
  const segments = rest.split('/');
  const suffix = suffixLength(segments);
  const name = segments.slice(0, segments.length - suffix).join('%2F');
  return [name, ...segments.slice(segments.length - suffix)].join('/');
}

/** How many segments at the end are not part of the name. */
function suffixLength(segments: readonly string[]): number {
  const last = segments.at(-1);
  const before = segments.at(-2);
  if (segments.length === 3 && before === 'tags') return 2;
  if (segments.length >= 3 && before === 'choice' && last === 'history') return 2;
  if (segments.length >= 2 && last === 'choice') return 1;
  if (segments.length >= 3 && before === 'tags') return 2;
  return 0;
}

function endOfPath(url: string, start: number): number {
  for (let i = start; i < url.length; i += 1) {
    const code = url.charCodeAt(i);
    if (code === 63 || code === 35) return i;
  }
  return url.length;
}
