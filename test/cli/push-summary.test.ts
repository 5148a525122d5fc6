import { expect, test } from 'vitest';
import { pushSchema } from '../../src/cli/api-schema.ts';
import { formatLine } from '../../src/cli/line.ts';
import { renderSummary } from '../../src/cli/push-summary.ts';
import { en } from '../../src/cli/texts/en.ts';
import { placedLeg, placedPush } from './support/example-push.ts';

function summaryOf(transfers: Record<string, unknown>[]): string[] {
  return renderSummary(pushSchema.parse(placedPush({ transfers })), en).map((line) =>
    formatLine(line, { color: false }),
  );
}

test('a summary says at which registry blobs began again, and how many', () => {
  const lines = summaryOf([
    placedLeg({ registry: 'aliyun-beijing' }),
    placedLeg({ registry: 'singapore', blobsRestarted: 1 }),
    placedLeg({ registry: 'korea', blobsRestarted: 2 }),
  ]);
  expect(lines.filter((line) => line.includes('began again'))).toEqual([
    '1 blob began again at singapore: it did not keep the upload that was cut off',
    '2 blobs began again at korea: it did not keep the upload that was cut off',
  ]);
});

test('a summary of a push without interruptions does not speak of them', () => {
  expect(summaryOf([placedLeg()]).join('\n')).not.toMatch(/began again|sent twice/u);
});
