import { Secret } from '../../src/kernel/secret.ts';
import { type HttpClientOptions, openHttpClient } from '../../src/net/open-http-client.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import { anonymousCredentials, type Credentials, type CredentialsProvider } from '../../src/registry/credentials.ts';
import { openRegistryClient, type RegistryClientOptions } from '../../src/registry/open-registry-client.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';

export type TestClient = RegistryClient & AsyncDisposable;

export const APP = parseRepositoryName('team/app');
export const OTHER = parseRepositoryName('team/other');
export const TAG = parseTag('1.2.3');

export function openTestClient(
  url: string,
  options: Partial<Omit<RegistryClientOptions, 'endpoint' | 'http'>> & {
    internal?: boolean;
    http?: HttpClientOptions;
  } = {},
): TestClient {
  const { internal = false, http, ...rest } = options;
  const client = openRegistryClient({
    credentials: anonymousCredentials,
    ...rest,
    endpoint: { url, internal },
    http: openHttpClient({ stallMs: 5_000, ...http }),
  });
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

export function basic(username: string, password: string): CredentialsProvider {
  const held: Credentials = { kind: 'basic', username, password: new Secret(password) };
  return { get: async () => held };
}

export async function* streamOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function readAll(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
