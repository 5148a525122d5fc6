import type { PullCredential, PullCredentialSource, PullCredentials } from '../api/pull-credentials.ts';
import type { Clock } from '../kernel/clock.ts';
import { Failure, toFailure } from '../kernel/failure.ts';
import type { Secret } from '../kernel/secret.ts';
import type { CloudAuthorization } from '../providers/cloud-authorization.ts';
import { mintPullCredentials } from '../providers/mint-pull-credentials.ts';
import type { ClusterEntry, RegistryEntry, SecretReference, World } from '../regions/world.ts';

/** `mintedMs` by the steady clock. */
type Minted = CloudAuthorization & { readonly mintedMs: number; readonly lifeMs: number };

/** How long a password without an end is given on before its secret is read again. */
const ENDLESS_MS = 5 * 60_000;

/**
 * Makes what clusters pull with. One password serves all who ask until half of its life is over: a kubelet that knows
 * a secret's content already need not ask the registry again, and everyone has at least the other half to use it.
 */
export function openPullCredentials(deps: {
  world: Pick<World, 'clusters' | 'registries'>;
  readSecret: (reference: SecretReference) => Promise<Secret>;
  clock: Clock;
}): PullCredentialSource {
  const { world, clock } = deps;
  const minted = new Map<string, Promise<Minted>>();

  async function mint(registry: RegistryEntry): Promise<Minted> {
    const { pullCredentials } = registry;
    if (pullCredentials === undefined)
      throw new Failure('secret_missing', `${registry.name} has no pullCredentials in the configuration`);
    // How old it is goes by the clock that is never set; how long it lives, as far as we can tell, by the other.
    const mintedMs = clock.elapsedMs();
    const mintedAtMs = clock.nowMs();
    const made = await mintPullCredentials(registry, pullCredentials, deps);
    const lifeMs = made.expiresAtMs === undefined ? 2 * ENDLESS_MS : made.expiresAtMs - mintedAtMs;
    return { ...made, mintedMs, lifeMs };
  }

  async function get(registry: RegistryEntry): Promise<Minted> {
    const held = await minted.get(registry.name)?.catch(() => undefined);
    if (held !== undefined && clock.elapsedMs() - held.mintedMs < held.lifeMs / 2) return held;
    const making = mint(registry);
    minted.set(registry.name, making);
    return await making;
  }

  async function forRegistry(registry: RegistryEntry, cluster: ClusterEntry): Promise<PullCredential> {
    const { username, password, expiresAtMs } = await get(registry);
    const host = hostFor(registry, cluster);
    return { registry: registry.name, host, username, password, expiresAtMs: expiresAtMs ?? null };
  }

  return {
    async forCluster(name) {
      const cluster = world.clusters.find((each) => each.name === name);
      if (cluster === undefined) throw new Failure('cluster_unknown', `there is no cluster ${name}`);
      const registries = world.registries.filter(({ enabled, role }) => enabled && mayPull(cluster, role));
      const results = await Promise.allSettled(registries.map((registry) => forRegistry(registry, cluster)));
      const credentials: PullCredential[] = [];
      const missing: PullCredentials['missing'][number][] = [];
      registries.forEach((registry, at) => {
        const result = results[at];
        if (result?.status === 'fulfilled') credentials.push(result.value);
        else {
          const reason = toFailure(result?.reason).message;
          missing.push({ registry: registry.name, host: hostFor(registry, cluster), reason });
        }
      });
      return { credentials, missing };
    },
  };
}

/** Where resolve may send it: home registries, and relays too where it pulls by choice. */
function mayPull(cluster: ClusterEntry, role: RegistryEntry['role']): boolean {
  return role === 'home' || cluster.pulls === 'choice';
}

function hostFor(registry: RegistryEntry, cluster: ClusterEntry): string {
  return new URL(registry.addresses[cluster.site] ?? registry.url).host;
}
