/** What is said of a registry that holds an image otherwise than it was pushed, or would not take it. */
export const enPlacements = {
  inList: (registry: string, note: string) => `${registry} (${note})`,
  inSummary: (registry: string, note: string) => `${registry}: ${note}`,
  attestationsRefused: (registry: string) =>
    `${registry} takes no attestations of BuildKit: set "attestations: drop" for it and restart the service, or build with --provenance=false --sbom=false`,
};
