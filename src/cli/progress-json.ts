import type { Push } from './api-schema.ts';
import type { CliContext } from './cli-context.ts';
import type { ProgressView } from './progress-view.ts';

/** JSON lines for programs, on stdout: the push as it is whenever a state changed, and now and then while bytes move. */
export function openProgressJson({ io, out }: CliContext): ProgressView {
  let told: { states: string; atMs: number } | undefined;
  return {
    update(push: Push) {
      const states = JSON.stringify([push.state, ...push.transfers.map(({ registry, state }) => [registry, state])]);
      const nowMs = io.clock.elapsedMs();
      if (told !== undefined && told.states === states && nowMs - told.atMs < io.timings.jsonLineMs) return;
      told = { states, atMs: nowMs };
      out.printJson(push);
    },
    // Standard error is for problem objects alone.
    notice() {},
    [Symbol.dispose]() {},
  };
}
