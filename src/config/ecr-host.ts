// https://docs.aws.amazon.com/general/latest/gr/ecr.html: registry endpoints, FIPS and dual-stack; `.cn` for the China partition.
const ECR_HOSTS = [
  /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
  /^\d{12}\.dkr-ecr(?:-fips)?\.([a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn)$/,
];

/** The AWS region of a private ECR registry's URL, or undefined when its host is not one of ECR's. */
export function findEcrRegion(url: string): string | undefined {
  const host = URL.parse(url)?.hostname ?? '';
  for (const expression of ECR_HOSTS) {
    const region = expression.exec(host)?.[1];
    if (region !== undefined) return region;
  }
  return undefined;
}
