import { type FlowDiagnosis, type FlowRun, MANY_FLOWS } from '../flow-diagnosis.ts';
import { SUSPECT_LOAD, watchLocalLoad } from './local-load.ts';
import type { Sampler } from './measure-flow.ts';
import { type FlowPlan, runFlows } from './run-flows.ts';
import { toSampleError } from './to-sample-error.ts';

/** One connection, then eight, right after each other. Rejects only when the signal is aborted. */
export async function diagnoseFlows(
  sampler: Pick<Sampler, 'open' | 'clock'>,
  campaign: string,
  plan: Omit<FlowPlan, 'flows'>,
  signal: AbortSignal,
): Promise<FlowDiagnosis> {
  const { registry } = plan;
  const about = { campaign, registry, at: sampler.clock.nowMs() };
  const findLoad = watchLocalLoad();
  let [one, eight, error]: [FlowRun | null, FlowRun | null, FlowDiagnosis['error']] = [null, null, null];
  try {
    one = await runFlows(sampler, { ...plan, flows: 1 }, signal);
    eight = await runFlows(sampler, { ...plan, flows: MANY_FLOWS }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    error = toSampleError(thrown);
  }
  return { ...about, one, eight, error, suspect: (findLoad() ?? 0) > SUSPECT_LOAD };
}
