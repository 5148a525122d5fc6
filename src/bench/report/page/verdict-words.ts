import type { RankedRegistry } from '../../recommend/recommendation.ts';

export const VERDICT_WORDS: Readonly<Record<RankedRegistry['verdict'], string>> = {
  recommended: 'recommended',
  best: 'best today',
  steady: 'steady too',
  unsteady: 'unsteady',
  few: 'too few rounds',
  failures: 'fails too often',
  ejected: 'failing now',
  unmeasured: 'not measured',
};
