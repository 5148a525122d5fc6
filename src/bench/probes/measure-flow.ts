import type { Clock } from '../../kernel/clock.ts';
import type { Sample } from '../sample.ts';
import { ConnectionTotals } from './connection-totals.ts';
import { flowOutcome } from './flow-outcome.ts';
import { INTERVAL_MS, IntervalMeter } from './interval-meter.ts';
import { LatencyProbe } from './latency-probe.ts';
import { watchLocalLoad } from './local-load.ts';
import type { OpenProbeClient, ProbeClient } from './probe-client.ts';
import { ProbeConnections } from './probe-connections.ts';
import { summariseRoundTrips } from './round-trips.ts';
import { toSampleError } from './to-sample-error.ts';

/** What is asked of a sampler. */
export type SampleOrder = Pick<Sample, 'id' | 'campaign' | 'site' | 'registry' | 'leg' | 'round' | 'payloadBytes'>;

/** What moves the body tells as it goes. */
export type FlowNotes = { bodyStarted(): void; bodyEnded(): void; movedBytes: number };

export type Sampler = {
  readonly open: OpenProbeClient;
  readonly clock: Clock;
  /** Round trips without load are probed so long before the body. */
  readonly idleMs?: number;
};

const IDLE_MS = 2_000;
const BEAT_MS = 100;

/** Takes one sample around `move`, which moves the body and says when it begins and ends. Never throws: a failure is what was measured. */
export async function measureFlow(
  { open, clock, idleMs = IDLE_MS }: Sampler,
  order: SampleOrder,
  move: (client: ProbeClient, notes: FlowNotes, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<Sample> {
  const at = clock.nowMs();
  // From the beginning: over the blink that a refusal takes, processor time says nothing.
  const findLoad = watchLocalLoad();
  const [totals, probed] = [new ConnectionTotals(order.leg), new ProbeConnections()];
  const main = open(order.registry, totals.note);
  const side = open(order.registry, probed.note);
  const probe = new LatencyProbe(
    {
      ask: (stop) => side.client.ping({ signal: stop }),
      connectionsMade: () => probed.made,
      takeRoundTrip: () => probed.takeRoundTrip(),
    },
    clock,
    BEAT_MS,
  );
  try {
    // Warm-up: connects and logs in; whether that works is for the main client to tell.
    await side.client.ping({ signal }).catch(() => {});
    probe.start();
    await clock.sleep(idleMs, signal).catch(() => {});
    const idle = summariseRoundTrips(await probe.stop());

    const isUpload = order.leg === 'upload';
    const notes = { movedBytes: 0, startedMs: clock.elapsedMs(), bodyMs: 0, endedMs: 0 };
    const meter = new IntervalMeter(clock, () => (isUpload ? totals.acknowledgedBytes() : null) ?? notes.movedBytes);
    let intervalBytes: readonly number[] = [];
    let error: Sample['error'] = null;
    const flow: FlowNotes = {
      get movedBytes() {
        return notes.movedBytes;
      },
      set movedBytes(bytes) {
        notes.movedBytes = bytes;
      },
      bodyStarted() {
        notes.bodyMs = clock.elapsedMs();
        meter.start();
      },
      bodyEnded() {
        notes.endedMs = clock.elapsedMs();
      },
    };
    probe.start();
    try {
      await move(main, flow, signal);
    } catch (thrown) {
      error = toSampleError(thrown, isUpload ? (notes.bodyMs > 0 ? 'blob upload' : 'upload start') : 'blob read');
    }
    if (notes.bodyMs > 0) intervalBytes = await meter.stop();
    const loaded = summariseRoundTrips(await probe.stop());
    const localLoad = findLoad();
    const bodySeconds = notes.endedMs > 0 ? (notes.endedMs - notes.bodyMs) / 1_000 : null;
    const firstByteMs = notes.bodyMs > 0 ? notes.bodyMs - notes.startedMs : null;
    const { first } = totals;
    const acknowledged = totals.acknowledgedBytes() !== null;
    const seen = { error, bodySeconds, intervalMs: INTERVAL_MS, intervalBytes, idle, loaded, localLoad };
    return {
      ...order,
      ...seen,
      ...flowOutcome({ ...seen, payloadBytes: order.payloadBytes, firstByteMs }),
      source: 'benchmark',
      at,
      setup: {
        dnsMs: first?.dnsMs ?? null,
        connectMs: first?.connectMs ?? null,
        tlsMs: first?.tlsMs ?? null,
        firstByteMs,
      },
      bytesFrom: !isUpload ? 'received' : acknowledged ? 'acknowledged' : 'written',
      connections: totals.bodyConnections(),
      congestionControl: isUpload ? totals.congestionControl() : null,
      retransmittedBytes: isUpload ? totals.retransmittedBytes() : null,
    };
  } finally {
    await Promise.allSettled([main.close(), side.close()]);
  }
}
