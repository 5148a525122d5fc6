import { readFile } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';
import type { HttpClient } from '../net/http-client.ts';
import { type HttpClientOptions, openHttpClient } from '../net/open-http-client.ts';
import type { Endpoint } from '../regions/world.ts';

/**
 * HTTP towards an endpoint with the authority that it names. The file is read with the first request, and again after
 * a failure: a missing file makes this endpoint fail (`tls_failed`) and nothing else.
 */
export function openEndpointHttp(endpoint: Pick<Endpoint, 'ca'>, options: HttpClientOptions): HttpClient {
  const { ca: path } = endpoint;
  if (path === undefined) return openHttpClient(options);
  let opening: Promise<HttpClient> | undefined;
  let closed = false;
  const open = (): Promise<HttpClient> => {
    opening ??= readAuthority(path)
      .then((ca) => openHttpClient({ ...options, ca }))
      .catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
    return opening;
  };
  return {
    async request(request) {
      if (closed) throw new Failure('cancelled', 'the HTTP client is closed');
      return await (await open()).request(request);
    },
    async close() {
      closed = true;
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('tls_failed', `reading the certificate authority ${path} failed`, { cause });
  }
}
