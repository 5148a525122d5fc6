import type { ECRClient } from '@aws-sdk/client-ecr';
import { Failure } from '../../kernel/failure.ts';
import { Secret } from '../../kernel/secret.ts';
import type { CredentialsEntry } from '../../regions/world.ts';
import { toAwsFailure } from './aws-failure.ts';
import { findEcrHost } from './find-ecr-host.ts';

/** What we need of ECR's control plane; its data plane speaks the distribution protocol. */
export type EcrApi = {
  /** A user name and password for the registry; `expiresAtMs` undefined where the answer does not say. */
  getAuthorization(
    signal?: AbortSignal,
  ): Promise<{ username: string; password: Secret; expiresAtMs: number | undefined }>;
  /** Creates a private repository; one that exists is fine. */
  createRepository(name: string, signal?: AbortSignal): Promise<void>;
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
 * ECR's API with the AWS default chain or a profile. The SDK is loaded with the first request: it is large, and most
 * installations know it for a single registry. Its endpoint may be set with AWS_ENDPOINT_URL_ECR, as for every AWS
 * tool.
 */
export function openEcrApi(options: EcrApiOptions): EcrApi {
  let opening: Promise<ECRClient> | undefined;
  const host = findEcrHost(options.url);

  async function open(): Promise<ECRClient> {
    const region = host?.region ?? options.region;
    if (region === undefined) throw new Failure('config_invalid', `the AWS region of ${options.url} is unknown`);
    const aws = options.credentials.kind === 'aws' ? options.credentials : undefined;
    if (aws?.roleArn !== undefined) {
      throw new Failure(
        'config_invalid',
        `${options.url}: a role is assumed through a profile that names it (role_arn and source_profile in the AWS configuration), not through roleArn`,
      );
    }
    const { ECRClient } = await import('@aws-sdk/client-ecr');
    return new ECRClient({
      region,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      ...(aws?.profile === undefined ? {} : { profile: aws.profile }),
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
    async createRepository(name, signal) {
      const ecr = await client();
      const { CreateRepositoryCommand } = await import('@aws-sdk/client-ecr');
      const account = host === undefined ? {} : { registryId: host.accountId };
      try {
        await ecr.send(
          new CreateRepositoryCommand({ repositoryName: name, ...account }),
          signal && { abortSignal: signal },
        );
      } catch (error) {
        if (error instanceof Error && error.name === 'RepositoryAlreadyExistsException') return;
        throw toAwsFailure(error, `ECR CreateRepository ${name}`, signal);
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
