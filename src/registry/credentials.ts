import type { Secret } from '../kernel/secret.ts';

/** `identity-token` is an OAuth2 refresh token, as `docker login` stores it for some registries. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'identity-token'; readonly token: Secret };

/** Where a registry client gets its credentials from, each time it needs them. */
export type CredentialsProvider = {
  /** Cheap to call for every request. Throws `secret_missing`, or what the far side of it failed with. */
  get(signal?: AbortSignal): Promise<Credentials>;
  /** These were refused: the next `get` must fetch anew instead of giving them again. */
  renew?(refused: Credentials): void;
};

export const anonymousCredentials: CredentialsProvider = { get: async () => ({ kind: 'none' }) };
