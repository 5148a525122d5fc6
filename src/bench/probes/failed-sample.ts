import type { Sample, SampleError } from '../sample.ts';
import { flowOutcome } from './flow-outcome.ts';
import { INTERVAL_MS } from './interval-meter.ts';
import type { SampleOrder } from './measure-flow.ts';

/** The sample of a body that never began. */
export function failedSample(order: SampleOrder, at: number, error: SampleError): Sample {
  const seen = {
    error,
    bodySeconds: null,
    intervalMs: INTERVAL_MS,
    intervalBytes: [],
    idle: null,
    loaded: null,
    localLoad: null,
  };
  return {
    ...order,
    ...seen,
    ...flowOutcome({ ...seen, payloadBytes: order.payloadBytes, firstByteMs: null }),
    source: 'benchmark',
    at,
    setup: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null },
    bytesFrom: order.leg === 'upload' ? 'written' : 'received',
    connections: 0,
    congestionControl: null,
    retransmittedBytes: null,
  };
}
