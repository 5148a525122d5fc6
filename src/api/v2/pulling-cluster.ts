import type { IncomingMessage } from 'node:http';

const PREFIX = /^\/v2\/cluster\.([^/?]+)(\/[^?]*)?/;

/** Which cluster a pull is for, and the request's target without what said so. */
export type PullingCluster = { readonly cluster: string; readonly target: string };

/** A repository's name without the prefix that says which cluster asks. */
export function withoutCluster(repository: string, clusters: readonly { readonly name: string }[]): string {
  const [, cluster, rest] = /^cluster\.([^/]+)\/(.+)$/.exec(repository) ?? [];
  return rest !== undefined && clusters.some(({ name }) => name === cluster) ? rest : repository;
}

/**
 * A cluster names itself by any of what container runtimes can be configured to send: a prefix of the repository
 * (`/v2/cluster.NAME/team/app/…`: containerd's `override_path`, CRI-O's `location`), the header `Entrepot-Cluster`
 * (containerd's `header`), or `ns=NAME`, which containerd sends of the registry that is mirrored. The first of these
 * that names a cluster wins. Undefined when none does.
 */
export function findPullingCluster(
  { url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  clusters: readonly { readonly name: string }[],
): PullingCluster | undefined {
  const isCluster = (name: string | null | undefined): name is string => clusters.some((each) => each.name === name);
  const match = PREFIX.exec(url);
  if (match !== null && isCluster(match[1])) {
    const rest = match[2] ?? '/';
    return { cluster: match[1], target: `/v2${rest}${url.slice(match[0].length)}` };
  }
  const header = headers['entrepot-cluster'];
  if (typeof header === 'string' && isCluster(header)) return { cluster: header, target: url };
  const question = url.indexOf('?');
  const namespace = question < 0 ? null : new URLSearchParams(url.slice(question + 1)).get('ns');
  return isCluster(namespace) ? { cluster: namespace, target: url } : undefined;
}
