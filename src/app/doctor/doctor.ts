import type { RunDoctor } from '../../cli/doctor-report.ts';
import { readEnvironment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load-config.ts';
import { readSecret } from '../../config/read-secret.ts';
import { examineWorld } from './examine-world.ts';

/** Looks at the registries of a configuration file from this machine, with this machine's credentials. */
export const runDoctor: RunDoctor = async ({ config, registry }) => {
  const environment = readEnvironment();
  const world = await loadConfig(config);
  return examineWorld(world, (reference) => readSecret(reference, environment), registry);
};
