import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Endpoint, SecretReference } from '../regions/world.ts';
import { openBasicCredentials } from '../registry/basic-credentials.ts';
import { anonymousCredentials, type CredentialsProvider } from '../registry/credentials.ts';
import { openDockerConfigCredentials } from '../registry/docker-config-credentials.ts';
import { getAcrAuthorization } from './acr/acr-api.ts';
import { openCloudCredentials } from './cloud-authorization.ts';
import type { EcrAccount } from './ecr/ecr-accounts.ts';

/** The credentials that an endpoint's configuration names. `ecr` is needed where they are `aws`. */
export function openCredentials(
  endpoint: Pick<Endpoint, 'url' | 'credentials'> & { readonly region?: string },
  deps: { readSecret: (reference: SecretReference) => Promise<Secret>; clock: Clock; ecr?: EcrAccount },
): CredentialsProvider {
  const { credentials } = endpoint;
  switch (credentials.kind) {
    case 'none':
      return anonymousCredentials;
    case 'basic': {
      const { username, password } = credentials;
      const source = {
        username: async () => (typeof username === 'string' ? username : (await deps.readSecret(username)).reveal()),
        password: () => deps.readSecret(password),
      };
      return openBasicCredentials(source, deps.clock);
    }
    case 'docker':
      return openDockerConfigCredentials({
        path: credentials.path,
        host: new URL(endpoint.url).host,
        clock: deps.clock,
      });
    case 'aws':
      if (deps.ecr === undefined) throw new Failure('internal', 'credentials of AWS need the API of ECR');
      return deps.ecr.credentials;
    case 'aliyun':
      return openCloudCredentials(() => getAcrAuthorization(credentials, endpoint.region ?? ''), deps.clock);
  }
}
