import type { Secret } from '../kernel/secret.ts';

/** A user name and password for one registry, as clusters of a site address it. */
export type PullCredential = {
  readonly registry: string;
  /** `host[:port]`, the key under `auths`. */
  readonly host: string;
  readonly username: string;
  readonly password: Secret;
  /** Null where it does not end by itself. */
  readonly expiresAtMs: number | null;
};

/** What a cluster needs to pull, and the registries for which there is nothing, with why. */
export type PullCredentials = {
  readonly credentials: readonly PullCredential[];
  readonly missing: readonly { readonly registry: string; readonly host: string; readonly reason: string }[];
};

/** Gives clusters the means to pull. Throws `cluster_unknown`, and what a cloud failed with where it is all there was. */
export type PullCredentialSource = { forCluster(name: string): Promise<PullCredentials> };
