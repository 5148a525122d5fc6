import type { AskRegistry } from '../bench/campaign/retry-lane.ts';
import type { OpenProbeClient } from '../bench/probes/probe-client.ts';
import { toSampleError } from '../bench/probes/to-sample-error.ts';
import { UNREACHED } from '../bench/sample.ts';
import { isFailure } from '../kernel/failure.ts';

/** Enough for two lost packets of a handshake (RFC 6298: repeated after 1 s, then 2 s). */
const PATIENCE_MS = 4_000;

/** Connects anew and asks `GET /v2/`: whatever is answered, the registry is there, and its sample tells the rest. */
export function askRegistries(open: OpenProbeClient): AskRegistry {
  return async (registry, signal) => {
    signal.throwIfAborted();
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const probe = open(registry, () => {});
    try {
      await probe.client.ping({ signal: AbortSignal.any([signal, patience]) });
      return null;
    } catch (thrown) {
      signal.throwIfAborted();
      if (patience.aborted)
        return { code: 'timed_out', step: UNREACHED, detail: `no answer to GET /v2/ within ${PATIENCE_MS / 1_000} s` };
      if (!isFailure(thrown, 'connect_failed', 'connection_lost', 'stalled', 'timed_out', 'tls_failed')) return null;
      return { ...toSampleError(thrown), step: UNREACHED };
    } finally {
      await probe.close();
    }
  };
}
