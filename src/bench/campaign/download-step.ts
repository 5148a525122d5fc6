import type { Clock } from '../../kernel/clock.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { KeptPayloads } from '../desk/kept-payloads.ts';
import type { WorkDesk } from '../desk/work-desk.ts';
import { failedSample } from '../probes/failed-sample.ts';
import type { StepRunner } from './step-runner.ts';

/** Takes downloads: leaves something at the registry, and lets the agent of the site measure how it pulls that. */
export function openDownloadStep(options: {
  readonly payloads: Pick<KeptPayloads, 'ensure' | 'forget'>;
  readonly desk: Pick<WorkDesk, 'request'>;
  readonly clock: Clock;
  readonly patienceMs: (payloadBytes: number) => number;
}): StepRunner {
  const { payloads, desk, clock, patienceMs } = options;
  return async ({ registry, payloadBytes, site = '' }, { idleMs = null, ...ids }, signal) => {
    const order = { ...ids, site, registry, payloadBytes };
    let kept: Awaited<ReturnType<KeptPayloads['ensure']>>;
    try {
      kept = await payloads.ensure(registry, payloadBytes, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = toFailure(thrown);
      const detail = `there is nothing to download: the payload could not be left at the registry: ${message}`;
      const error = { code, step: 'payload', detail: detail.slice(0, 500) };
      return failedSample({ ...order, leg: 'download' }, clock.nowMs(), error);
    }
    const { repository, digest } = kept;
    const sample = await desk.request(
      { ...order, repository, digest, idleMs, patienceMs: patienceMs(payloadBytes) },
      signal,
    );
    // Somebody removed it; the next step leaves another.
    if (sample.error?.code === 'remote_not_found') await payloads.forget(registry, payloadBytes);
    return sample;
  };
}
