import { describe, it } from 'vitest';
import { MATRIX, runMatrixCase } from './support/fault-matrix.ts';

const SEED = Number(process.env.TEST_SEED ?? 20261126);

describe(`every fault at every step ends placed or in a clear error (seed ${SEED})`, () => {
  it.each(MATRIX)('$name', async (each) => await runMatrixCase(each, SEED), 60_000);
});
