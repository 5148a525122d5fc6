import { Failure } from '../kernel/failure.ts';
import { redactUrl } from '../kernel/redact-url.ts';
import { isForbiddenHost } from '../net/address-guard.ts';
import type { Endpoint } from '../regions/world.ts';

/** How far the answers of an endpoint may lead us. */
export type TrustedLeads = {
  readonly origin: string;
  /** A URL that an answer names, relative to the one that was asked. Throws `remote_unexpected` or `address_forbidden`. */
  resolve(location: string, asked: string): URL;
  /** Is this the endpoint itself: host, port and scheme? Only it ever sees credentials. */
  isEndpoint(url: URL): boolean;
  /** Must the address behind it be checked before connecting? */
  mustGuard(url: URL): boolean;
};

/**
 * A registry may send us elsewhere (storage, token servers), but not from https to plain http, and not to addresses of
 * this machine or its cloud's metadata, unless it lives at such an address itself or is configured as `internal`. What a
 * pattern made of a caller's words is led there as little by its own name.
 */
export function trustLeads(endpoint: Pick<Endpoint, 'url' | 'internal' | 'matched'>): TrustedLeads {
  const own = new URL(endpoint.url);
  const isMatched = endpoint.matched === true;
  const inside = endpoint.internal || (!isMatched && isForbiddenHost(own.hostname));
  const isEndpoint = (url: URL) => url.origin === own.origin;
  return {
    origin: own.origin,
    resolve(location, asked) {
      const url = URL.parse(location, asked);
      if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
        throw new Failure('remote_unexpected', `${redactUrl(asked)} names a location that is no HTTP address`);
      }
      if (url.protocol === 'http:' && own.protocol === 'https:' && !endpoint.internal) {
        throw new Failure(
          'address_forbidden',
          `${redactUrl(asked)} leads from https to plain http at ${url.host} (set "internal: true" on the endpoint to allow it)`,
        );
      }
      return url;
    },
    isEndpoint,
    mustGuard: (url) => !inside && (isMatched || !isEndpoint(url)),
  };
}
