import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Connection } from '../net/connection.ts';
import type { RegistryEntry, SecretReference, SourceEntry } from '../regions/world.ts';
import { openRegistryClient } from '../registry/open-registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { type EcrApi, openEcrApi } from './ecr/ecr-api.ts';
import { openEndpointHttp } from './endpoint-http.ts';
import { openCredentials } from './open-credentials.ts';

/** A registry or source with what its kind adds to the protocol. */
export type RegistryProvider = {
  readonly client: RegistryClient;
  /** Makes the repository where the registry does not do so on push; a repository that exists is fine. */
  ensureRepository(name: string, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

export type ProviderDependencies = {
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock?: Clock;
  /** No byte for this long and the connection is replaced, milliseconds. */
  readonly stallMs?: number;
  /** Connections that may move blobs at once. */
  readonly blobConnections?: number;
  /** Told of each connection once it is ready. */
  readonly onConnected?: (connection: Connection) => void;
  readonly onWarning?: (text: string) => void;
  readonly userAgent?: string;
};

/** Opens nothing yet: connections, files and clouds are first asked when a request needs them. */
export function openRegistryProvider(entry: RegistryEntry | SourceEntry, deps: ProviderDependencies): RegistryProvider {
  const clock = deps.clock ?? systemClock;
  const kind = 'kind' in entry ? entry.kind : 'oci';
  const region = 'region' in entry ? entry.region : undefined;
  const usesAws = kind === 'ecr' || entry.credentials.kind === 'aws';
  const ecr: EcrApi | undefined = usesAws
    ? openEcrApi({ url: entry.url, credentials: entry.credentials, ...(region === undefined ? {} : { region }) })
    : undefined;
  const http = openEndpointHttp(entry, {
    clock,
    ...(deps.stallMs === undefined ? {} : { stallMs: deps.stallMs }),
    ...(deps.blobConnections === undefined ? {} : { blobConnections: deps.blobConnections }),
    ...(deps.onConnected === undefined ? {} : { onConnected: deps.onConnected }),
  });
  const client = openRegistryClient({
    endpoint: entry,
    http,
    credentials: openCredentials(entry, { readSecret: deps.readSecret, clock, ...(ecr === undefined ? {} : { ecr }) }),
    clock,
    ...(deps.onWarning === undefined ? {} : { onWarning: deps.onWarning }),
    ...(deps.userAgent === undefined ? {} : { userAgent: deps.userAgent }),
  });
  return {
    client,
    async ensureRepository(name, signal) {
      // Alibaba Cloud makes repositories on push where the namespace is set so; for others there is nothing to ask.
      if (kind === 'ecr') await ecr?.createRepository(name, signal);
    },
    async close() {
      ecr?.close();
      await client.close();
    },
  };
}
