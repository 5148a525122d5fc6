import { describe, expect, it } from 'vitest';
import { LEFT_OUT, MATRIX, type MatrixCase, runMatrixCase, STEPS, STRIKES } from './support/fault-matrix.ts';

const SEED = Number(process.env.TEST_SEED ?? 20261126);

/** Of each step a few strikes, others from step to step, and each strike at least once; the rest is run with the slow tests. */
function chooseFew(): MatrixCase[] {
  const perStep = new Map<string, MatrixCase[]>();
  for (const each of MATRIX)
    if (each.step !== 'stripe GET') perStep.set(each.step, [...(perStep.get(each.step) ?? []), each]);
  const few = [...perStep.values()].flatMap((cases, n) => cases.filter((_, place) => place % 5 === n % 5));
  const chosen = new Set(few.map(({ strike }) => strike));
  return [
    ...few,
    ...MATRIX.filter(({ step, strike }) => step !== 'stripe GET' && !chosen.has(strike) && chosen.add(strike)),
  ];
}

describe(`a fault at a step ends placed or in a clear error (seed ${SEED})`, () => {
  it.each(chooseFew())('$name', async (each) => await runMatrixCase(each, SEED));
});

it('every fault is tried at every step, or there is a reason why not', () => {
  const count = Object.keys(STEPS).length * Object.keys(STRIKES).length;
  expect(MATRIX.length + Object.keys(LEFT_OUT).length).toBe(count);
  for (const [name, reason] of Object.entries(LEFT_OUT)) expect(reason, name).toMatch(/^[a-z].{20,}$/);
});
