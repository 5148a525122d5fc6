import type { Relay } from './benchmark-world.ts';

/** How much the scenario measures: little in the gate, more by option (`npm run scenario:benchmark -- --help`). */
export type ScenarioForm = {
  /** Relays whose paths are probed without load, each for half a minute, and in which worlds. */
  readonly probed: readonly Relay[];
  readonly probedIn: readonly ('day' | 'evening' | 'policed')[];
  /** Relays to which one connection is compared with eight by day and in the evening. */
  readonly compared: readonly Relay[];
  /** Rounds of samples as production sends, and of those with cubic. */
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
  ...{ probed: ['singapore'], probedIn: ['policed'], compared: ['korea'] },
  ...{ rounds: 2, cubicRounds: 4, evenings: 1, cubicInEvening: 2, payload: '1MB', cubicPayload: '2MB' },
  ...{ contactLostMs: 20_000, isWhole: false, page: null, samples: null, patience: 1 },
};

/** The form that scripts/scenario-benchmark.mjs passes on, filled up with the short one. */
export function readScenarioForm(): ScenarioForm {
  const text = process.env.ENTREPOT_SCENARIO_FORM;
  return text === undefined ? SHORT : { ...SHORT, ...(JSON.parse(text) as Partial<ScenarioForm>) };
}
