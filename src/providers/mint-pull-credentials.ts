import { systemClock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { CredentialsEntry, RegistryEntry } from '../regions/world.ts';
import { getAcrAuthorization } from './acr/acr-api.ts';
import type { CloudAuthorization } from './cloud-authorization.ts';
import { openEcrApi } from './ecr/ecr-api.ts';
import { openCredentials } from './open-credentials.ts';
import type { ProviderDependencies } from './registry-provider.ts';

/**
 * A user name and password of the identity that a registry's `pullCredentials` names; a temporary one where that is a
 * cloud's. Throws `secret_missing` and what the cloud fails with.
 */
export async function mintPullCredentials(
  registry: RegistryEntry,
  credentials: CredentialsEntry,
  deps: Pick<ProviderDependencies, 'readSecret' | 'clock'>,
): Promise<CloudAuthorization> {
  if (credentials.kind === 'aliyun') return await getAcrAuthorization(credentials, registry.region);
  if (credentials.kind === 'aws') {
    const api = openEcrApi({ url: registry.url, region: registry.region, credentials });
    try {
      return await api.getAuthorization();
    } finally {
      api.close();
    }
  }
  const held = await openCredentials(
    { url: registry.url, credentials },
    { readSecret: deps.readSecret, clock: deps.clock ?? systemClock },
  ).get();
  if (held.kind !== 'basic')
    throw new Failure('secret_missing', `the pull credentials of ${registry.name} are not a user name and a password`);
  return { ...held, expiresAtMs: undefined };
}
