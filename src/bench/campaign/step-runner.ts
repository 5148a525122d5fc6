import type { Sample } from '../sample.ts';
import type { RoundStep } from './round-order.ts';

/** The names of the sample that a step is taken for, and what its campaign says of how it is taken. */
export type StepOrder = {
  readonly id: string;
  readonly campaign: string;
  readonly round: string;
  readonly idleMs?: number;
};

/** Takes the sample of one step of a round. Rejects only when that is no fault of the path. */
export type StepRunner = (step: RoundStep, order: StepOrder, signal: AbortSignal) => Promise<Sample>;
