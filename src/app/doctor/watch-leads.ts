import type { HttpClient } from '../../net/http-client.ts';
import type { RegistryEntry } from '../../regions/world.ts';

/** Notes which other hosts a registry sends its clients to for blobs. */
export function watchLeads(entry: Pick<RegistryEntry, 'url'>): {
  readonly watchHttp: (http: HttpClient) => HttpClient;
  readonly otherHosts: () => readonly string[];
} {
  const own = new URL(entry.url).host;
  const hosts = new Set<string>();
  return {
    watchHttp: (http) => ({
      request(request) {
        const { host } = new URL(request.url);
        if (request.purpose === 'blob' && request.method === 'GET' && host !== own) hosts.add(host);
        return http.request(request);
      },
      close: () => http.close(),
    }),
    otherHosts: () => [...hosts],
  };
}
