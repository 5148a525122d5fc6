import { findEcrHost } from '../../../src/providers/ecr/find-ecr-host.ts';
import type { ServiceConfig } from '../service-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** An account at Amazon and one at Alibaba Cloud, as the service's configuration names them. */
export type CloudAccounts = { readonly registries: ServiceConfig['registries'] };

const PREFIX = 'ENTREPOT_CLOUD_';

/**
 * The accounts that the environment names (docs/registries.md tells the variables); undefined where it names none.
 * Half of them is a mistake, which is said before anything is asked of a cloud.
 */
export function findCloudAccounts(environment: Environment): CloudAccounts | undefined {
  const find = (name: string): string | undefined => environment[`${PREFIX}${name}`] || undefined;
  if (!Object.keys(environment).some((name) => name.startsWith(PREFIX) && environment[name] !== '')) return undefined;
  const missing: string[] = [];
  const get = (name: string): string => {
    const value = find(name);
    if (value === undefined) missing.push(`${PREFIX}${name}`);
    return value ?? '';
  };
  const ecrUrl = get('ECR_URL');
  const acr = { url: get('ACR_URL'), region: get('ACR_REGION'), namespace: get('ACR_NAMESPACE') };
  const region = findEcrHost(ecrUrl)?.region ?? find('ECR_REGION');
  if (ecrUrl !== '' && region === undefined) missing.push(`${PREFIX}ECR_REGION`);
  const instanceId = find('ACR_INSTANCE');
  const fixed = instanceId === undefined ? { username: get('ACR_USERNAME'), password: get('ACR_PASSWORD') } : undefined;
  if (missing.length > 0) {
    const way = missing.includes(`${PREFIX}ACR_USERNAME`)
      ? ` (or ${PREFIX}ACR_INSTANCE in place of name and password)`
      : '';
    throw new Error(
      `the variables of real accounts are set in part; these are missing: ${missing.join(', ')}${way}. Set all of them, or none for the doubles`,
    );
  }
  const aws = (role?: string) => {
    const endpoint = find('ECR_ENDPOINT');
    const more = { ...(role === undefined ? {} : { roleArn: role }), ...(endpoint === undefined ? {} : { endpoint }) };
    return { aws: Object.keys(more).length === 0 ? 'default' : more };
  };
  const endpoint = find('ACR_ENDPOINT');
  const aliyun =
    fixed === undefined
      ? { aliyun: { instanceId, ...(endpoint === undefined ? {} : { endpoint }) } }
      : { username: fixed.username, password: `env:${PREFIX}ACR_PASSWORD` };
  return {
    registries: {
      aliyun: {
        url: acr.url,
        entry: {
          kind: 'acr',
          region: acr.region,
          prefix: acr.namespace,
          names: 'flat',
          attestations: 'drop',
          credentials: aliyun,
          pullCredentials: aliyun,
        },
      },
      singapore: {
        url: ecrUrl,
        entry: { kind: 'ecr', region, credentials: aws(), pullCredentials: aws(find('ECR_PULL_ROLE')) },
      },
    },
  };
}
