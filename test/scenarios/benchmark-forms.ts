import type { Relay } from './benchmark-world.ts';

/** How much the scenario measures: little in the gate, more by option (`npm run scenario:benchmark -- --help`). */
export type ScenarioForm = {
  /** Relays whose paths are probed without load, each for half a minute, and in which worlds. */
  readonly probed: readonly Relay[];
  readonly probedIn: readonly ('day' | 'evening' | 'policed')[];
  /** Relays to which one connection is compared with eight by day and in the evening. */
  readonly compared: readonly Relay[];
  /** Rounds of samples as production sends in each of the two worlds, and of those with cubic by day. */
  readonly rounds: number;
  readonly cubicRounds: number;
  /** Laboratories that record the evening side by side, each so many rounds with cubic: there a sample takes long. */
  readonly evenings: number;
  readonly cubicInEvening: number;
  readonly payload: string;
  readonly cubicPayload: string;
  /** How long the agent is out of contact, milliseconds. */
  readonly contactLostMs: number;
  /** Are samples large and many enough to hold the recommendation against the story? */
  readonly isWhole: boolean;
  /** A file to write the report of the resampled week to, as a page. */
  readonly page: string | null;
  /** A file to write all recorded samples to. */
  readonly samples: string | null;
  /** How much longer than in the gate everything may take. */
  readonly patience: number;
};

const SHORT: ScenarioForm = {
  ...{ probed: ['singapore'], probedIn: ['day', 'policed'], compared: ['korea'] },
  ...{ rounds: 2, cubicRounds: 4, evenings: 2, cubicInEvening: 1, payload: '1MB', cubicPayload: '1MB' },
  ...{ contactLostMs: 20_000, isWhole: false, page: null, samples: null, patience: 1 },
};

/** The form that scripts/scenario-benchmark.mjs passes on, filled up with the short one. */
export function readScenarioForm(): ScenarioForm {
  const text = process.env.ENTREPOT_SCENARIO_FORM;
  return text === undefined ? SHORT : { ...SHORT, ...(JSON.parse(text) as Partial<ScenarioForm>) };
}

/** What a run in this form shows, and on how little it rests: for whoever reads its result. */
export function describeForm(form: ScenarioForm): readonly string[] {
  const { probed, probedIn, compared, rounds, cubicRounds, evenings, cubicInEvening, payload, cubicPayload } = form;
  const minutes = form.contactLostMs / 60_000;
  return [
    `round trips to ${probed.join(', ')} in ${probedIn.join(', ')}; one connection against eight to ${compared.join(', ')} by day and in the evening, and to singapore over the capped line`,
    `the week is drawn from samples of all four relays, both legs, by day and in the evening: ${rounds} rounds of ${payload} each as production sends, and with cubic ${cubicRounds} and ${evenings * cubicInEvening} rounds of ${cubicPayload}`,
    `the agent is out of contact for ${minutes < 1 ? `${form.contactLostMs / 1_000} s` : `${minutes} min`}`,
    form.isWhole
      ? 'with cubic Singapore must be named on every day, while the fastest median changes'
      : 'whom the rule names must be whom the second script names; on samples this small and few that need not be Singapore (--whole)',
  ];
}
