import { createServer } from 'node:http';
import { openRegistryListener } from './registry-listener.ts';
import type { RegistryOptions } from './registry-settings.ts';

export type RegistryServer = {
  /** Origin, `http://HOST:PORT`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Stops at once: requests under way are cut, what they brought is kept. */
  close(): Promise<void>;
};

export type RegistryServerOptions = RegistryOptions & {
  readonly listen?: { readonly host: string; readonly port: number };
};

/**
 * Serves the distribution protocol (OCI distribution-spec 1.1) over plain HTTP, on a free loopback port by default.
 *
 * The listener stands on `node:http` alone: bodies of any size pass as raw streams with the connection's own
 * backpressure, and half a dozen paths that are read from the right need no router. A server that answers more than
 * this protocol gives the listener the requests below `/v2/`.
 */
export async function openRegistryServer(options: RegistryServerOptions): Promise<RegistryServer> {
  const listener = openRegistryListener(options);
  // An upload may take hours: what ends it is silence (`stallTimeoutMs`), not its length.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 75_000 }, listener);
  const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    host,
    port: boundPort,
    close: () =>
      new Promise((resolve, reject) => {
        listener.close();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
