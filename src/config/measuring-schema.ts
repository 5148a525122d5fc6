import { z } from 'zod';
import { byteSize } from './field-schemas.ts';
import { scheduleSchema } from './schedule-schema.ts';
import { findBytes } from './to-bytes.ts';

export const measuringSchema = z
  .strictObject({
    bytesPerDay: byteSize({
      description: 'What benchmarks may move at most within 24 hours, to all registries together.',
      examples: ['20GB'],
    }).default('20GB'),
    bytesPerDayAndRegistry: byteSize({
      description: 'What benchmarks may move at most within 24 hours to each registry.',
      examples: ['5GB'],
    }).default('5GB'),
    quietHours: z
      .array(z.int().min(0).max(23))
      .max(23)
      .refine((hours) => new Set(hours).size === hours.length, 'must not name an hour twice')
      .default([])
      .meta({
        description:
          "Hours of the day, by the recommendation's time zone, in which no sample is begun: 9 is from 9:00 to 9:59.",
        examples: [[9, 10]],
      }),
    schedules: z
      .record(z.string(), scheduleSchema)
      .default({})
      .meta({
        description: 'Benchmarks that begin by themselves, by name.',
        examples: [{ 'round-the-clock': { cron: '0 * * * *', rounds: 1 } }],
      }),
  })
  .superRefine(({ schedules, bytesPerDayAndRegistry }, context) => {
    const most = findBytes(bytesPerDayAndRegistry) ?? Number.POSITIVE_INFINITY;
    for (const [name, { payloads, legs, sites }] of Object.entries(schedules)) {
      // Each site downloads, and what they download is left at the registry before the first round.
      const times = (legs.includes('upload') ? 1 : 0) + (legs.includes('download') ? 1 + (sites?.length ?? 1) : 0);
      const bytes = payloads.reduce<number>((sum, size) => sum + (findBytes(size) ?? 0), 0) * times;
      const left = legs.includes('download') ? ', with what is left there for downloads,' : '';
      const message = `must fit the budget of a day: the first round${left} moves ${bytes} bytes to each registry, and measuring.bytesPerDayAndRegistry is ${most}`;
      if (bytes > most) context.addIssue({ code: 'custom', path: ['schedules', name, 'payloads'], message });
    }
  })
  .prefault({})
  .meta({ description: 'What measuring may cost, and when it rests. A benchmark that reaches either waits.' });
