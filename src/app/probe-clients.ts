import type { OpenProbeClient } from '../bench/probes/probe-client.ts';
import type { Environment } from '../config/environment.ts';
import { readSecret } from '../config/read-secret.ts';
import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { openRegistryProvider } from '../providers/registry-provider.ts';
import type { World } from '../regions/world.ts';
import type { ProbeSessions } from './probe-sessions.ts';

/** Registries as transfers reach them, with the same settings, over new connections each time. */
export function openProbeClients(options: {
  readonly world: World;
  readonly environment: Pick<Environment, 'findVariable'>;
  readonly sessions: ProbeSessions;
  readonly clock: Clock;
}): OpenProbeClient {
  const { world, environment, sessions, clock } = options;
  return (registry, onConnected, settings) => {
    const entry = world.registries.find(({ name }) => name === registry);
    if (entry === undefined) throw new Failure('registry_unknown', `There is no registry ${registry}`);
    const provider = openRegistryProvider(entry, {
      readSecret: (reference) => readSecret(reference, environment),
      clock,
      stallMs: world.limits.stallMs,
      blobConnections: Math.max(world.limits.blobsPerRegistry * 2, settings?.flows ?? 0),
      ...(settings === undefined ? {} : { congestionControl: settings.congestionControl }),
      onConnected,
    });
    return { ...provider, client: sessions.noted(registry, provider.client) };
  };
}
