import { z } from 'zod';
import { byteSize, count, durationText, filledText } from './field-schemas.ts';
import { IMAGE_PATTERN_PATTERN } from './name-forms.ts';

const minimumSchema = z
  .strictObject({
    samples: count(1_000_000, { description: 'Rounds of each registry.' }).default(60),
    days: count(366, { description: 'Days that they are spread over.' }).default(3),
    hoursOfDay: count(24, { description: 'Different hours of the day that they are taken at.' }).default(18),
  })
  .prefault({})
  .meta({ description: 'What counts as enough. With less there is a ranking, headed provisional.' });

/** A zone that this Node knows. */
export const timeZoneText = z
  .string({ error: 'must be text' })
  .superRefine((zone, context) => {
    if (isTimeZone(zone)) return;
    context.addIssue({ code: 'custom', message: 'must be a time zone by its IANA name, such as Asia/Shanghai' });
  })
  .meta({
    description: 'Whose days and hours measurements are counted in: where the border is slow by the hour.',
    pattern: '^[A-Za-z0-9_+/-]+$',
    examples: ['Asia/Shanghai'],
  });

export const recommendationSchema = z
  .strictObject({
    referenceImage: byteSize({
      description: 'Size of a usual image: the recommendation is about the time that this takes.',
      examples: ['150MB'],
    }).default('150MB'),
    window: durationText({ description: 'How far back measurements count.', examples: ['7d'] }).default('7d'),
    minimum: minimumSchema,
    timeZone: timeZoneText.default('Asia/Shanghai'),
    success: z
      .number()
      .min(0.5)
      .max(0.999)
      .default(0.9)
      .meta({ description: 'Share of rounds that must succeed, as the lower bound of what the measurements allow.' }),
    deadline: durationText({
      description: 'A round that takes longer for the reference image has failed.',
      examples: ['30m'],
    }).default('30m'),
    coolDown: durationText({
      description: 'No other registry is recommended for so long after a choice, unless the chosen one fails.',
      examples: ['72h'],
    }).default('72h'),
    follow: z
      .record(z.string(), filledText({ description: 'The site whose recommendation is followed, one of sites.' }))
      .default({})
      .meta({
        propertyNames: { pattern: IMAGE_PATTERN_PATTERN },
        description: 'Image patterns whose choice follows the recommendation of a site by itself.',
        examples: [{ 'team/*': 'us-east' }],
      }),
  })
  .prefault({})
  .meta({ description: 'How measurements become a recommendation.' });

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
