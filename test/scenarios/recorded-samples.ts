import { expect } from 'vitest';
import { figuresOf, type RawSample } from '../support/independent-figures.ts';
import type { ScenarioForm } from './benchmark-forms.ts';
import { type BenchmarkWorld, type FlowReading, RELAYS } from './benchmark-world.ts';
import { round, say } from './say.ts';

/** What one world had to show. */
export type RecordedSamples = {
  /** As production sends. */
  readonly production: readonly RawSample[];
  /** With cubic held, as where the kernel allows nothing else. */
  readonly cubic: readonly RawSample[];
  /** One connection against eight. */
  readonly flows: readonly FlowReading[];
};

/** Both legs of all relays as production sends and then with cubic, and one connection against eight. */
export async function recordSamples(world: BenchmarkWorld, form: ScenarioForm): Promise<RecordedSamples> {
  const both = { ...world.bothLegs, idle: '300ms' };
  const patienceMs = 600_000 * form.patience;
  const production = await world.measure({ ...both, rounds: form.rounds, payloads: [form.payload] }, patienceMs);
  const flows = await world.compareFlows(form.compared);
  await world.restart({ congestionControl: 'cubic' });
  const rounds = world.name === 'evening' ? form.cubicInEvening : form.cubicRounds;
  const cubic = await world.measure({ ...both, rounds, payloads: [form.cubicPayload] }, patienceMs);
  expect(new Set(cubic.flatMap(({ congestionControl }) => congestionControl ?? []))).toEqual(new Set(['cubic']));
  sayRates(world.name, { production, cubic });
  return { production, cubic, flows };
}

/** What several laboratories of one world had to show. */
export function mergeRecorded(recorded: readonly RecordedSamples[]): RecordedSamples {
  return {
    production: recorded.flatMap(({ production }) => production),
    cubic: recorded.flatMap(({ cubic }) => cubic),
    flows: recorded.flatMap(({ flows }) => flows),
  };
}

function sayRates(world: string, recorded: Pick<RecordedSamples, 'production' | 'cubic'>): void {
  for (const [kind, samples] of Object.entries(recorded))
    for (const registry of Object.keys(RELAYS)) {
      const of = (leg: string) =>
        samples
          .filter((sample) => sample.registry === registry && sample.leg === leg)
          .map((sample) => sample.error?.code ?? round(((figuresOf(sample)?.rate ?? 0) * 8) / 1e6))
          .join(' ');
      say(`${world} ${kind} ${registry}: up ${of('upload')}, down ${of('download')} Mbit/s`);
    }
}
