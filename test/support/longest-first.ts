import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slow tests that take longest, so that none of them is begun when all others have ended. */
const LONGEST = [
  'peers/clock-jumps.slow.test.ts',
  'scenarios/year-of-history.slow.test.ts',
  'sync/copy/fault-matrix.slow.test.ts',
  'scenarios/head-start.slow.test.ts',
  'scenarios/cloud.slow.test.ts',
  'scenarios/killed-service.slow.test.ts',
  'peers/door-large.slow.test.ts',
];

/** A fresh clone does not know how long a file took last, and would go by its size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
