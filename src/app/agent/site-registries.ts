import type { Snapshot } from '../../api/schema/snapshot-schema.ts';
import type { OpenProbeClient } from '../../bench/probes/probe-client.ts';
import { loadConfig } from '../../config/load-config.ts';
import { readSecret } from '../../config/read-secret.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Connection } from '../../net/connection.ts';
import { openRegistryProvider, type RegistryProvider } from '../../providers/registry-provider.ts';
import type { CredentialsEntry, RegistryEntry } from '../../regions/world.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import type { AgentContext } from './agent-part.ts';

const NONE: CredentialsEntry = { kind: 'none' };

type Opened = { readonly key: string; readonly provider: RegistryProvider; readonly entry: RegistryEntry };

/** The registries of the site's copy as the agent reads them: with the credentials of its configuration, or without any. */
export class SiteRegistries {
  readonly #context: Pick<AgentContext, 'config' | 'environment' | 'clock' | 'log'>;
  readonly #opened = new Map<string, Opened>();
  #configured: readonly RegistryEntry[] = [];

  constructor(context: Pick<AgentContext, 'config' | 'environment' | 'clock' | 'log'>) {
    this.#context = context;
  }

  /** Reads the configuration. Throws `config_invalid`. */
  async start(): Promise<void> {
    const { config } = this.#context;
    if (config !== undefined) this.#configured = (await loadConfig(config)).registries;
  }

  /** Takes the registries of a new copy; those that are unchanged keep their connections. */
  async take({ registries }: Snapshot): Promise<void> {
    const gone = new Map(this.#opened);
    for (const registry of registries) {
      const configured = this.#configured.find(({ name }) => name === registry.name);
      const credentials = configured?.credentials ?? NONE;
      const entry: RegistryEntry = {
        ...registry,
        // Without credentials of our own nothing is asked of a cloud.
        kind: configured === undefined ? 'oci' : registry.kind,
        credentials,
        ...(configured?.ca === undefined ? {} : { ca: configured.ca }),
        attestations: 'keep',
        enabled: true,
        addresses: {},
        costPerGb: null,
      };
      const key = JSON.stringify([entry.url, entry.prefix, entry.names, entry.kind, entry.internal]);
      if (this.#opened.get(registry.name)?.key === key) {
        gone.delete(registry.name);
        continue;
      }
      this.#opened.set(registry.name, { key, entry, provider: this.#open(entry) });
    }
    for (const [name, { provider }] of gone) {
      if (this.#opened.get(name)?.provider === provider) this.#opened.delete(name);
      await provider.close();
    }
  }

  /** One of them over new connections of its own, with the same credentials and settings. Throws `registry_unknown`. */
  readonly openProbe: OpenProbeClient = (name, onConnected) => {
    const entry = this.#opened.get(name)?.entry;
    if (entry === undefined) throw new Failure('registry_unknown', `the agent's copy knows no registry ${name}`);
    return this.#open(entry, onConnected);
  };

  find(name: string): { readonly entry: RegistryEntry; readonly client: RegistryClient } | undefined {
    const opened = this.#opened.get(name);
    return opened === undefined ? undefined : { entry: opened.entry, client: opened.provider.client };
  }

  all(): readonly { readonly entry: RegistryEntry; readonly client: RegistryClient }[] {
    return [...this.#opened.values()].map(({ entry, provider }) => ({ entry, client: provider.client }));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#opened.values()].map(({ provider }) => provider.close()));
  }

  #open(entry: RegistryEntry, onConnected?: (connection: Connection) => void): RegistryProvider {
    const { environment, clock, log } = this.#context;
    return openRegistryProvider(entry, {
      readSecret: (reference) => readSecret(reference, environment),
      clock,
      stallMs: 10_000,
      ...(onConnected === undefined ? {} : { onConnected }),
      onWarning: (warning) => log.warn({ event: 'registry warning', registry: entry.name, warning }),
    });
  }
}
