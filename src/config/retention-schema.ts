import { z } from 'zod';
import { durationText } from './field-schemas.ts';
import { findDuration } from './find-duration.ts';

export const retentionSchema = z
  .strictObject({
    uploads: durationText({
      description:
        'An upload that was interrupted and that no push needs is kept this long for one that may still come; then its registry is told to forget it.',
      examples: ['1h'],
    }).default('1h'),
    sessions: durationText({
      description:
        'An upload at the door of the service to which nothing is added is kept this long for its client; at least 1h. Its bytes count towards `limits.depotBytes`.',
      examples: ['1d'],
    }).default('1d'),
    pushes: durationText({
      description:
        'Legs of pushes that are over, with their counters and errors, and the pushes that the service made on its own. Releases, and the legs of what a tag means now, stay.',
      examples: ['400d'],
    }).default('400d'),
    samples: durationText({
      description: 'Benchmark samples with everything that was seen; at least 2d.',
      examples: ['90d'],
    }).default('90d'),
    measurements: durationText({
      description: 'The figures of each sample, which recommendations rest on; at least their window.',
      examples: ['400d'],
    }).default('400d'),
    hours: durationText({
      description: 'The same by the hour, which reports rest on, and the benchmarks themselves.',
      examples: ['1100d'],
    }).default('1100d'),
    notices: durationText({ description: 'Notices that were delivered or given up.', examples: ['30d'] }).default(
      '30d',
    ),
    uses: durationText({
      description: 'Which cluster used which release; at least `backfill.usedWithin`.',
      examples: ['400d'],
    }).default('400d'),
  })
  .prefault({})
  .meta({ description: 'How long is kept what is no longer needed.' });

type Kept = {
  readonly retention: z.output<typeof retentionSchema>;
  readonly recommendation: { readonly window: string };
  readonly backfill: { readonly usedWithin: string };
};

/** What is still asked for must be kept: the budget of measuring looks back a day, and so do samples that come late. */
export function checkRetention({ retention, recommendation, backfill }: Kept, context: z.RefinementCtx): void {
  const { sessions, samples, measurements, hours, uses } = retention;
  for (const [kind, kept, least, why] of [
    ['sessions', sessions, '1h', 'clients may be away in the middle of an upload'],
    ['samples', samples, '2d', 'what was measured lately counts towards the budget'],
    ['measurements', measurements, recommendation.window, 'recommendation.window'],
    ['measurements', measurements, samples, 'retention.samples'],
    ['hours', hours, samples, 'retention.samples'],
    ['uses', uses, backfill.usedWithin, 'backfill.usedWithin'],
  ] as const) {
    const [keptMs, leastMs] = [findDuration(kept), findDuration(least)];
    if (keptMs === undefined || leastMs === undefined || keptMs >= leastMs) continue;
    const message = `must be at least ${least} (${why})`;
    context.addIssue({ code: 'custom', path: ['retention', kind], message });
  }
}
