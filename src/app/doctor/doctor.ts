import type { DoctorReport, RunDoctor } from '../../cli/doctor-report.ts';
import { readEnvironment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load-config.ts';
import { readSecret } from '../../config/read-secret.ts';
import { systemClock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { examineCertificate } from './examine-certificate.ts';
import { examineRegistry } from './examine-registry.ts';

/** Looks at each configured registry from this machine, with this machine's credentials: all at once, each step by step. */
export const runDoctor: RunDoctor = async ({ config, registry }): Promise<DoctorReport> => {
  const environment = readEnvironment();
  const world = await loadConfig(config);
  const chosen = world.registries.filter(({ name, enabled }) => (registry === undefined ? enabled : name === registry));
  if (registry !== undefined && chosen.length === 0)
    throw new Failure('registry_unknown', `there is no registry ${registry} in ${config}`);
  const deps = {
    readSecret: (reference: Parameters<typeof readSecret>[0]) => readSecret(reference, environment),
    chunkBytes: world.limits.chunkBytes,
  };
  const registries = await Promise.all(
    chosen.map(async (entry) => ({
      registry: entry.name,
      kind: entry.kind,
      url: entry.url,
      checks: await examineRegistry(entry, deps),
    })),
  );
  const service = await examineCertificate(world.tls, systemClock);
  const all = [...service, ...registries.flatMap(({ checks }) => checks)];
  return { ok: all.every(({ state }) => state !== 'failed'), config, service, registries };
};
