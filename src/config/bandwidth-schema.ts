import { z } from 'zod';
import { byteSize } from './field-schemas.ts';

const hour = z.int().min(0).max(23);

export const bandwidthSchema = z
  .strictObject({
    bytesPerSecond: byteSize({
      description: 'At all hours that are not named below. Without it there is no cap then.',
      examples: ['5MB'],
    }).optional(),
    hours: z
      .array(
        z.strictObject({
          from: hour.meta({ description: 'The first hour of the day, from 0 to 23.' }),
          to: hour.meta({ description: 'The hour at which it ends; one that is not above `from` is on the next day.' }),
          bytesPerSecond: byteSize({ description: 'In these hours.', examples: ['1MB'] }),
        }),
      )
      .max(24)
      .default([])
      .meta({
        description: "Other caps at hours of the day, by the recommendation's time zone. The first that fits counts.",
        examples: [[{ from: 9, to: 18, bytesPerSecond: '1MB' }]],
      }),
  })
  .meta({
    description:
      'The most that blobs move to and from this registry in a second, in bytes, over all connections together.',
  });
