import type { Connection } from '../../net/connection.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';

/** A registry as production reaches it, over connections of its own. */
export type ProbeClient = {
  readonly client: RegistryClient;
  ensureRepository(name: RepositoryName, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** Other than production has them: which congestion control, and how many connections for blobs at least. */
export type FlowSettings = { readonly congestionControl: string; readonly flows: number };

export type OpenProbeClient = (
  registry: string,
  onConnected: (connection: Connection) => void,
  settings?: FlowSettings,
) => ProbeClient;
