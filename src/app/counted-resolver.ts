import type { Resolution, Resolves } from '../choice/resolution.ts';
import { isFailure } from '../kernel/failure.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/**
 * Resolves as the one that is given, and counts the answers; failures too, unless somebody else asks again after each
 * and counts it then.
 */
export function countedResolver(
  resolver: Resolves,
  metrics: Pick<Metrics, 'resolved'>,
  { countsFailures = true } = {},
): Resolves {
  const countFailure = (error: unknown) => {
    if (countsFailures) metrics.resolved(isFailure(error) ? error.code : 'internal');
  };
  return {
    resolve(request): Resolution {
      const startedAt = performance.now();
      try {
        const resolution = resolver.resolve(request);
        metrics.resolved(resolution.state, (performance.now() - startedAt) / 1_000);
        return resolution;
      } catch (error) {
        countFailure(error);
        throw error;
      }
    },
    // How long somebody chose to wait says nothing of how long resolving takes.
    async resolveWaiting(request, timeoutMs, signal) {
      try {
        const resolution = await resolver.resolveWaiting(request, timeoutMs, signal);
        metrics.resolved(resolution.state);
        return resolution;
      } catch (error) {
        countFailure(error);
        throw error;
      }
    },
  };
}
