import type { ECRClientConfig } from '@aws-sdk/client-ecr';
import type { CredentialsEntry } from '../../regions/world.ts';

type AwsEntry = Extract<CredentialsEntry, { kind: 'aws' }>;

/**
 * Whose AWS credentials a registry's requests are signed with: the default chain (environment, profile, web identity,
 * instance role), a profile, or a role that one of these assumes. The package that assumes roles is loaded only when
 * there is one to assume.
 */
export async function awsCredentials(
  entry: AwsEntry | undefined,
  region: string,
): Promise<Pick<ECRClientConfig, 'credentials' | 'profile'>> {
  const { profile, roleArn } = entry ?? {};
  if (roleArn === undefined) return profile === undefined ? {} : { profile };
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  return {
    credentials: fromTemporaryCredentials({
      masterCredentials: fromNodeProviderChain(profile === undefined ? {} : { profile }),
      params: { RoleArn: roleArn, RoleSessionName: 'entrepot' },
      clientConfig: { region },
    }),
  };
}
