import type { PeerAuthenticator } from '../../access/authenticator.ts';
import type { MetricsSources } from '../../telemetry/metrics.ts';

/** What the rest of the service has of TLS. */
export type ServiceTls = {
  /** Ways of being known by the connection alone. */
  readonly peers: readonly PeerAuthenticator[];
  readonly certificate: MetricsSources['certificate'];
};

export const PLAIN_HTTP: ServiceTls = { peers: [], certificate: () => undefined };
