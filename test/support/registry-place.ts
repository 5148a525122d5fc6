import { TEST_TOKEN } from './test-token.ts';

/** Where a registry is, and what is shown to it: a URL alone is that of a service, or of a registry that asks for nothing. */
export type RegistryPlace = string | { readonly url: string; readonly authorization: string };

/** Asks a registry for something below its URL. */
export function askRegistry(place: RegistryPlace, path: string, init: RequestInit = {}): Promise<Response> {
  const { url, authorization } =
    typeof place === 'string' ? { url: place, authorization: `Bearer ${TEST_TOKEN}` } : place;
  return fetch(new URL(path, url), { ...init, headers: withDefault(init.headers, 'authorization', authorization) });
}

function withDefault(given: RequestInit['headers'], name: string, value: string): Headers {
  const headers = new Headers(given);
  if (!headers.has(name)) headers.set(name, value);
  return headers;
}
