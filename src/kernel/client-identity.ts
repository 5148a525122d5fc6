import type { Secret } from './secret.ts';

/** How a client shows who it is when a TLS connection is made: a certificate, perhaps with a chain, and its key, in PEM. */
export type ClientIdentity = { readonly cert: string; readonly key: Secret };
