import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Connection } from '../net/connection.ts';
import type { HttpClient } from '../net/http-client.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryEntry, SecretReference, SourceEntry } from '../regions/world.ts';
import type { TokenOutcome } from '../registry/authenticator.ts';
import { openRegistryClient } from '../registry/open-registry-client.ts';
import type { ManifestReference, RegistryClient } from '../registry/registry-client.ts';
import { untilAborted } from '../registry/until-aborted.ts';
import { EcrAccounts } from './ecr/ecr-accounts.ts';
import { MadeRepositories } from './ecr/made-repositories.ts';
import { pacedClient } from './ecr/paced-client.ts';
import { withoutMounts } from './ecr/without-mounts.ts';
import { openEndpointHttp } from './endpoint-http.ts';
import { openCredentials } from './open-credentials.ts';

/** A registry or source with what its kind adds to the protocol. */
export type RegistryProvider = {
  readonly client: RegistryClient;
  /** Makes the repository where the registry does not do so on push; a repository that exists is fine. */
  ensureRepository(name: string, signal?: AbortSignal): Promise<void>;
  /** Which of these blobs a repository has, with their sizes; only where that can be asked for many at once. */
  findBlobs?(
    name: string,
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Digest, number> | undefined>;
  /** The bytes of the manifests that these references name; only where that can be asked for many at once. */
  findManifests?(
    name: string,
    references: readonly ManifestReference[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ManifestReference, Uint8Array> | undefined>;
  /** False where no blob can be had from another repository of the registry. */
  readonly mounts?: false;
  /** How large a part of an upload may be, where the registry refuses others. */
  readonly partBytes?: { readonly least: number; readonly most: number };
  close(): Promise<void>;
};

export type ProviderDependencies = {
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock?: Clock;
  /** No byte for this long and the connection is replaced, milliseconds. */
  readonly stallMs?: number;
  /** With this the time follows from the path's own pauses, between this and `stallMs`. */
  readonly leastStallMs?: number;
  /** How long headers of an answer may take, where the request does not say. */
  readonly headersTimeoutMs?: number;
  /** Connections that may move blobs at once. */
  readonly blobConnections?: number;
  /** Bytes per second that blobs may move, asked for each piece; null is no cap. */
  readonly bytesPerSecond?: () => number | null;
  /** By name, instead of what suits the path. */
  readonly congestionControl?: string;
  /** Told of each connection once it is ready. */
  readonly onConnected?: (connection: Connection) => void;
  readonly onWarning?: (text: string) => void;
  readonly userAgent?: string;
  /** Told how each request for a token of the registry ended. */
  readonly onToken?: (outcome: TokenOutcome) => void;
  /** Stands between the registry's client and its HTTP. */
  readonly watchHttp?: (http: HttpClient) => HttpClient;
  /** Shared by all registries, so that those of one account share its password and its quotas. Closed by whoever gives it. */
  readonly ecrAccounts?: EcrAccounts;
};

/**
 * Every part of a layer but the last.
 * Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, 2026-11-23.
 */
const ECR_PART_BYTES = { least: 5 * 1024 * 1024, most: 10 * 1024 * 1024 };

/** Opens nothing yet: connections, files and clouds are first asked when a request needs them. */
export function openRegistryProvider(entry: RegistryEntry | SourceEntry, deps: ProviderDependencies): RegistryProvider {
  const clock = deps.clock ?? systemClock;
  const isEcr = 'kind' in entry && entry.kind === 'ecr';
  const ownAccounts = deps.ecrAccounts === undefined ? new EcrAccounts(clock) : undefined;
  const accounts = deps.ecrAccounts ?? ownAccounts;
  const ecr = isEcr || entry.credentials.kind === 'aws' ? accounts?.open(entry) : undefined;
  const http = openEndpointHttp(entry, {
    clock,
    ...(deps.stallMs === undefined ? {} : { stallMs: deps.stallMs }),
    ...(deps.leastStallMs === undefined ? {} : { leastStallMs: deps.leastStallMs }),
    ...(deps.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: deps.headersTimeoutMs }),
    ...(deps.blobConnections === undefined ? {} : { blobConnections: deps.blobConnections }),
    ...(deps.bytesPerSecond === undefined ? {} : { bytesPerSecond: deps.bytesPerSecond }),
    ...(deps.congestionControl === undefined ? {} : { congestionControl: deps.congestionControl }),
    ...(deps.onConnected === undefined ? {} : { onConnected: deps.onConnected }),
  });
  const plain = openRegistryClient({
    endpoint: entry,
    http: deps.watchHttp === undefined ? http : deps.watchHttp(http),
    credentials: openCredentials(entry, { readSecret: deps.readSecret, clock, ...(ecr === undefined ? {} : { ecr }) }),
    clock,
    ...(deps.onWarning === undefined ? {} : { onWarning: deps.onWarning }),
    ...(deps.userAgent === undefined ? {} : { userAgent: deps.userAgent }),
    ...(deps.onToken === undefined ? {} : { onToken: deps.onToken }),
  });
  const close = async () => {
    ownAccounts?.close();
    await plain.close();
  };
  // Alibaba Cloud makes repositories on push where the namespace is set so; for others there is nothing to ask.
  if (!isEcr || ecr === undefined) return { client: plain, ensureRepository: async () => {}, close };
  const made = new MadeRepositories((name) => ecr.api.createRepository(name, entry.repository));
  const mounts = entry.blobMounting === true;
  return {
    client: made.listen(pacedClient(mounts ? plain : withoutMounts(plain), ecr.rates, clock)),
    ...(mounts ? {} : { mounts }),
    ensureRepository: (name, signal) => untilAborted(made.ensure(name), signal),
    findBlobs: ecr.questions.findBlobs,
    findManifests: ecr.questions.findManifests,
    partBytes: ECR_PART_BYTES,
    close,
  };
}
