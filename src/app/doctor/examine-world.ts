import type { Examined } from '../../api/schema/doctor-schema.ts';
import { systemClock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { World } from '../../regions/world.ts';
import { examineCertificate } from './examine-certificate.ts';
import { type ExaminationDeps, examineRegistry } from './examine-registry.ts';

/** Looks at each enabled registry, or at one: all at once, each step by step; and at what the service itself needs. */
export async function examineWorld(
  world: World,
  readSecret: ExaminationDeps['readSecret'],
  registry: string | undefined,
): Promise<Examined> {
  const chosen = world.registries.filter(({ name, enabled }) => (registry === undefined ? enabled : name === registry));
  if (registry !== undefined && chosen.length === 0)
    throw new Failure('registry_unknown', `there is no registry ${registry} in the configuration`);
  const deps = { readSecret, chunkBytes: world.limits.chunkBytes };
  const registries = await Promise.all(
    chosen.map(async (entry) => ({
      registry: entry.name,
      kind: entry.kind,
      url: entry.url,
      checks: [...(await examineRegistry(entry, deps))],
    })),
  );
  const service = [...(await examineCertificate(world.tls, systemClock))];
  const all = [...service, ...registries.flatMap(({ checks }) => checks)];
  return { ok: all.every(({ state }) => state !== 'failed'), service, registries };
}
