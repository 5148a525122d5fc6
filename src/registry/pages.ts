import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import type { HttpResponse } from '../net/http-client.ts';
import { findNextLink } from './link-header.ts';
import type { Sender } from './sender.ts';

/** With 1,000 tags a page this is more than any registry allows a repository. */
const MAX_PAGES = 1_000;

/**
 * Asks page after page along the Link headers; `read` must read the answer. Throws `remote_unexpected` when pages
 * repeat, do not end, or lead to another host.
 * Source: distribution-spec 1.1, "Listing Tags".
 */
export async function* readPages<T>(
  sender: Sender,
  firstUrl: string,
  ask: (url: string) => Promise<HttpResponse | undefined>,
  read: (response: HttpResponse) => Promise<T>,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let url: string | undefined = firstUrl; url !== undefined; ) {
    if (seen.has(url) || seen.size >= MAX_PAGES) {
      throw new Failure('remote_unexpected', `${redactUrl(url)}: the list goes round in a circle or has no end`);
    }
    seen.add(url);
    const response = await ask(url);
    if (response === undefined) return;
    const link = findNextLink(response.headers.link);
    yield await read(response);
    const next: URL | undefined = link === undefined ? undefined : sender.leads.resolve(link, url);
    if (next !== undefined && !sender.leads.isEndpoint(next)) {
      throw new Failure('remote_unexpected', `${redactUrl(url)}: the next page is at another host, ${next.host}`);
    }
    url = next?.href;
  }
}
