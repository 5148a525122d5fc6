import { expect } from 'vitest';
import { figuresOf, type RawSample } from '../support/independent-figures.ts';
import type { ScenarioForm } from './benchmark-forms.ts';
import { type BenchmarkWorld, type FlowReading, RELAYS, type Relay } from './benchmark-world.ts';
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

/** What is taken in one laboratory. */
export type Recording = {
  readonly rounds: number;
  readonly cubicRounds: number;
  /** One connection is compared with eight to these. */
  readonly compared: readonly Relay[];
};

/** By day one laboratory takes everything; in the evening several share the rounds, and the first compares flows. */
export function planRecording(form: ScenarioForm, world: 'day' | 'evening', nth: number): Recording {
  if (world === 'day') return form;
  const { rounds, evenings, cubicInEvening, compared } = form;
  return {
    rounds: Math.ceil(rounds / evenings),
    cubicRounds: cubicInEvening,
    compared: nth === 0 ? compared : [],
  };
}

/** Both legs of all relays as production sends and then with cubic, and one connection against eight. */
export async function recordSamples(
  world: BenchmarkWorld,
  { rounds, cubicRounds, compared }: Recording,
  { payload, cubicPayload, patience }: ScenarioForm,
): Promise<RecordedSamples> {
  const both = { ...world.bothLegs, idle: '300ms' };
  const patienceMs = 600_000 * patience;
  const production = await world.measure({ ...both, rounds, payloads: [payload] }, patienceMs);
  const flows = compared.length === 0 ? [] : await world.compareFlows(compared);
  await world.restart({ congestionControl: 'cubic' });
  const cubic = await world.measure({ ...both, rounds: cubicRounds, payloads: [cubicPayload] }, patienceMs);
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
