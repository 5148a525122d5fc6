import type { ECRClient } from '@aws-sdk/client-ecr';
import type { Clock } from '../../kernel/clock.ts';
import { Failure, isFailure } from '../../kernel/failure.ts';
import { Secret } from '../../kernel/secret.ts';
import { withRetry } from '../../net/retry.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { MANIFEST_MEDIA_TYPES } from '../../oci/media-types.ts';
import type { CredentialsEntry, RepositorySettings } from '../../regions/world.ts';
import type { ManifestReference } from '../../registry/registry-client.ts';
import type { CloudAuthorization } from '../cloud-authorization.ts';
import { awsCredentials } from './aws-credentials.ts';
import { toAwsFailure } from './aws-failure.ts';
import type { EcrRates } from './ecr-rates.ts';
import { findEcrHost } from './find-ecr-host.ts';
import { repositoryInput } from './repository-input.ts';

/** What we need of ECR's control plane; its data plane speaks the distribution protocol. */
export type EcrApi = {
  /** A user name and password for the registry. */
  getAuthorization(signal?: AbortSignal): Promise<CloudAuthorization>;
  /** Creates a private repository; one that exists is fine, and stays as it is. */
  createRepository(name: string, settings: RepositorySettings | undefined, signal?: AbortSignal): Promise<void>;
  /** Which of at most 100 layers a repository has, with their sizes; a repository that is not there has none. */
  findLayers(name: string, digests: readonly Digest[], signal?: AbortSignal): Promise<ReadonlyMap<Digest, number>>;
  /** The bytes of at most 100 manifests, by what they were asked for with; those that can be pulled. */
  findImages(
    name: string,
    references: readonly ManifestReference[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<ManifestReference, Uint8Array>>;
  close(): void;
};

export type EcrApiOptions = {
  /** The registry's URL, which tells account and region where it is one of ECR's own. */
  readonly url: string;
  /** Used where the URL tells no region. */
  readonly region?: string;
  readonly credentials: CredentialsEntry;
  /** The quotas to keep to; without them nothing is paced. */
  readonly rates?: EcrRates;
  readonly clock?: Clock;
};

type Sdk = typeof import('@aws-sdk/client-ecr');

/** So often in all; the SDK's own retries are off, because the quotas have to hear of every refusal. */
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 250;

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * ECR's API. The SDK is loaded with the first request: it is large, and most installations know it for a single
 * registry. Its endpoint may be set in the configuration or with AWS_ENDPOINT_URL_ECR, as for every AWS tool.
 */
export function openEcrApi(options: EcrApiOptions): EcrApi {
  let opening: Promise<ECRClient> | undefined;
  const host = findEcrHost(options.url);
  const account = host === undefined ? {} : { registryId: host.accountId };

  async function open(): Promise<ECRClient> {
    const region = host?.region ?? options.region;
    if (region === undefined) throw new Failure('config_invalid', `the AWS region of ${options.url} is unknown`);
    const aws = options.credentials.kind === 'aws' ? options.credentials : undefined;
    const { ECRClient } = await import('@aws-sdk/client-ecr');
    return new ECRClient({
      region,
      maxAttempts: 1,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      ...(await awsCredentials(aws, region)),
      ...(aws?.endpoint === undefined ? {} : { endpoint: aws.endpoint }),
    });
  }

  function client(): Promise<ECRClient> {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  /** Waits for the action's turn, tells of throttling, and tries again what may pass. */
  async function send<T>(
    action: string,
    about: string,
    signal: AbortSignal | undefined,
    run: (ecr: ECRClient, sdk: Sdk, abort: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      await options.rates?.find(action)?.take(signal);
      try {
        const ecr = await client();
        return await run(ecr, await import('@aws-sdk/client-ecr'), signal === undefined ? {} : { abortSignal: signal });
      } catch (error) {
        const failure = toAwsFailure(error, `ECR ${action}${about === '' ? '' : ` ${about}`}`, signal);
        if (failure.code === 'remote_rate_limited') options.rates?.find(action)?.refused();
        throw failure;
      }
    };
    return await withRetry(attempt, {
      attempts: ATTEMPTS,
      minMs: FIRST_WAIT_MS,
      shouldRetry: (error) => isFailure(error, 'remote_rate_limited', 'remote_unavailable', 'connection_lost'),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  return {
    getAuthorization: (signal) =>
      send('GetAuthorizationToken', '', signal, async (ecr, { GetAuthorizationTokenCommand }, abort) => {
        const answer = await ecr.send(new GetAuthorizationTokenCommand({}), abort);
        const data = answer.authorizationData?.[0];
        return { ...parseAuthorizationToken(data?.authorizationToken), expiresAtMs: data?.expiresAt?.getTime() };
      }),
    async createRepository(name, settings, signal) {
      const { lifecyclePolicyText, ...input } = await repositoryInput(settings);
      const repository = { repositoryName: name, ...account };
      const isMade = await send('CreateRepository', name, signal, async (ecr, { CreateRepositoryCommand }, abort) => {
        try {
          await ecr.send(new CreateRepositoryCommand({ ...repository, ...input }), abort);
          return true;
        } catch (error) {
          // Another one was faster; how it wanted the repository is how it is.
          if (isNamed(error, 'RepositoryAlreadyExistsException')) return false;
          throw error;
        }
      });
      if (!isMade || lifecyclePolicyText === undefined) return;
      await send('PutLifecyclePolicy', name, signal, (ecr, { PutLifecyclePolicyCommand }, abort) =>
        ecr.send(new PutLifecyclePolicyCommand({ ...repository, lifecyclePolicyText }), abort),
      );
    },
    findLayers: (name, digests, signal) =>
      send('BatchCheckLayerAvailability', name, signal, async (ecr, { BatchCheckLayerAvailabilityCommand }, abort) => {
        const found = new Map<Digest, number>();
        const input = { repositoryName: name, layerDigests: [...digests], ...account };
        try {
          const { layers = [] } = await ecr.send(new BatchCheckLayerAvailabilityCommand(input), abort);
          for (const { layerDigest = '', layerAvailability, layerSize } of layers)
            if (isDigest(layerDigest) && layerAvailability === 'AVAILABLE' && layerSize !== undefined)
              found.set(layerDigest, layerSize);
        } catch (error) {
          if (!isNamed(error, 'RepositoryNotFoundException')) throw error;
        }
        return found;
      }),
    findImages: (name, references, signal) =>
      send('BatchGetImage', name, signal, async (ecr, { BatchGetImageCommand }, abort) => {
        const found = new Map<ManifestReference, Uint8Array>();
        const imageIds = references.map((each) => (isDigest(each) ? { imageDigest: each } : { imageTag: each }));
        // All types are accepted, so that none is converted into another one.
        const input = { repositoryName: name, imageIds, acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES], ...account };
        try {
          const { images = [] } = await ecr.send(new BatchGetImageCommand(input), abort);
          for (const { imageId, imageManifest } of images) {
            if (imageManifest === undefined) continue;
            const named = references.filter((each) => each === imageId?.imageDigest || each === imageId?.imageTag);
            for (const each of named) found.set(each, Buffer.from(imageManifest, 'utf8'));
          }
        } catch (error) {
          if (!isNamed(error, 'RepositoryNotFoundException')) throw error;
        }
        return found;
      }),
    close() {
      opening?.then((ecr) => ecr.destroy()).catch(() => {});
    },
  };
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/** The token is base64 of `AWS:password`. Source: ECR API reference, AuthorizationData. */
function parseAuthorizationToken(token: string | undefined): { username: string; password: Secret } {
  const pair = Buffer.from(token ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw new Failure('remote_unexpected', 'ECR GetAuthorizationToken answered without a token');
  return { username: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) };
}
