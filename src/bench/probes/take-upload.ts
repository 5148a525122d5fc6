import type { Digest } from '../../oci/digest.ts';
import type { Sample } from '../sample.ts';
import { measureFlow, type SampleOrder, type Sampler } from './measure-flow.ts';
import { type PayloadPlan, sendPayload } from './send-payload.ts';

export type UploadPlan = Omit<PayloadPlan, 'payloadBytes'>;

/** Uploads one blob as a transfer does, chunk by chunk. `blob` is what is now there, if anything is. */
export async function takeUpload(
  sampler: Sampler,
  order: SampleOrder,
  plan: UploadPlan,
  signal: AbortSignal,
): Promise<{ readonly sample: Sample; readonly blob: Digest | null }> {
  let blob: Digest | null = null;
  const sample = await measureFlow(
    sampler,
    order,
    async (registry, notes, stop) => {
      blob = await sendPayload(registry, { ...plan, payloadBytes: order.payloadBytes }, notes, stop);
    },
    signal,
  );
  return { sample, blob };
}
