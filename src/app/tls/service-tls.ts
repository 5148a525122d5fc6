import type { PeerAuthenticator } from '../../access/authenticator.ts';
import type { CertificateState } from './certificate-files.ts';

/** What the rest of the service has of TLS. */
export type ServiceTls = {
  /** Ways of being known by the connection alone. */
  readonly peers: readonly PeerAuthenticator[];
  /** How the certificate stands with which the service listens; undefined where it speaks plain HTTP. */
  certificate(): CertificateState | undefined;
};

export const PLAIN_HTTP: ServiceTls = { peers: [], certificate: () => undefined };
