import type { Doctor } from '../../api/api-services.ts';
import type { World } from '../../regions/world.ts';
import type { ExaminationDeps } from './examine-registry.ts';
import { examineWorld } from './examine-world.ts';

/** Examines a running service's world, one examination at a time. */
export function serviceDoctor(world: World, readSecret: ExaminationDeps['readSecret']): Doctor {
  let lastTurn: Promise<unknown> = Promise.resolve();
  return {
    examine(registry) {
      const turn = lastTurn.then(() => examineWorld(world, readSecret, registry));
      lastTurn = turn.catch(() => {});
      return turn;
    },
  };
}
