import type { ECRClient } from '@aws-sdk/client-ecr';
import { Failure } from '../../kernel/failure.ts';
import { Secret } from '../../kernel/secret.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { CredentialsEntry, RepositorySettings } from '../../regions/world.ts';
import type { CloudAuthorization } from '../cloud-authorization.ts';
import { awsCredentials } from './aws-credentials.ts';
import { toAwsFailure } from './aws-failure.ts';
import { findEcrHost } from './find-ecr-host.ts';
import { repositoryInput } from './repository-input.ts';

/** What we need of ECR's control plane; its data plane speaks the distribution protocol. */
export type EcrApi = {
  /** A user name and password for the registry. */
  getAuthorization(signal?: AbortSignal): Promise<CloudAuthorization>;
  /** Creates a private repository; one that exists is fine, and stays as it is. */
  createRepository(name: string, settings: RepositorySettings | undefined, signal?: AbortSignal): Promise<void>;
  /** Which of at most 100 layers a repository has, with their sizes; undefined when the repository is not there. */
  findLayers(
    name: string,
    digests: readonly Digest[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<Digest, number> | undefined>;
  close(): void;
};

export type EcrApiOptions = {
  /** The registry's URL, which tells account and region where it is one of ECR's own. */
  readonly url: string;
  /** Used where the URL tells no region. */
  readonly region?: string;
  readonly credentials: CredentialsEntry;
};

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

  return {
    async getAuthorization(signal) {
      const ecr = await client();
      const { GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
      try {
        const answer = await ecr.send(new GetAuthorizationTokenCommand({}), signal && { abortSignal: signal });
        const data = answer.authorizationData?.[0];
        return { ...parseAuthorizationToken(data?.authorizationToken), expiresAtMs: data?.expiresAt?.getTime() };
      } catch (error) {
        throw toAwsFailure(error, 'ECR GetAuthorizationToken', signal);
      }
    },
    async createRepository(name, settings, signal) {
      const ecr = await client();
      const { CreateRepositoryCommand, PutLifecyclePolicyCommand } = await import('@aws-sdk/client-ecr');
      const { lifecyclePolicyText, ...input } = await repositoryInput(settings);
      const repository = { repositoryName: name, ...account };
      const abort = signal && { abortSignal: signal };
      try {
        await ecr.send(new CreateRepositoryCommand({ ...repository, ...input }), abort);
        if (lifecyclePolicyText !== undefined)
          await ecr.send(new PutLifecyclePolicyCommand({ ...repository, lifecyclePolicyText }), abort);
      } catch (error) {
        // Another one was faster; how it wanted the repository is how it is.
        if (error instanceof Error && error.name === 'RepositoryAlreadyExistsException') return;
        throw toAwsFailure(error, `ECR CreateRepository ${name}`, signal);
      }
    },
    async findLayers(name, digests, signal) {
      const ecr = await client();
      const { BatchCheckLayerAvailabilityCommand } = await import('@aws-sdk/client-ecr');
      const input = { repositoryName: name, layerDigests: [...digests], ...account };
      try {
        const answer = await ecr.send(new BatchCheckLayerAvailabilityCommand(input), signal && { abortSignal: signal });
        const found = new Map<Digest, number>();
        for (const { layerDigest = '', layerAvailability, layerSize } of answer.layers ?? [])
          if (isDigest(layerDigest) && layerAvailability === 'AVAILABLE' && layerSize !== undefined)
            found.set(layerDigest, layerSize);
        return found;
      } catch (error) {
        if (error instanceof Error && error.name === 'RepositoryNotFoundException') return undefined;
        throw toAwsFailure(error, `ECR BatchCheckLayerAvailability ${name}`, signal);
      }
    },
    close() {
      opening?.then((ecr) => ecr.destroy()).catch(() => {});
    },
  };
}

/** The token is base64 of `AWS:password`. Source: ECR API reference, AuthorizationData. */
function parseAuthorizationToken(token: string | undefined): { username: string; password: Secret } {
  const pair = Buffer.from(token ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw new Failure('remote_unexpected', 'ECR GetAuthorizationToken answered without a token');
  return { username: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) };
}
