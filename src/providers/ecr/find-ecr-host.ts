/** Account and region of a private ECR registry, from its URL. */
export type EcrHost = { readonly accountId: string; readonly region: string };

// https://docs.aws.amazon.com/general/latest/gr/ecr.html: registry endpoints, FIPS, dual-stack; `.cn` for the China partition.
const HOSTS = [
  /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
  /^(\d{12})\.dkr-ecr(?:-fips)?\.([a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn)$/,
];

export function findEcrHost(url: string): EcrHost | undefined {
  const host = URL.parse(url)?.hostname ?? '';
  for (const expression of HOSTS) {
    const [, accountId, region] = expression.exec(host) ?? [];
    if (accountId !== undefined && region !== undefined) return { accountId, region };
  }
  return undefined;
}
