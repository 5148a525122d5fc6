import { z } from 'zod';
import { durationText } from './field-schemas.ts';

export const retentionSchema = z
  .strictObject({
    uploads: durationText({
      description:
        'An upload that was interrupted and that no push needs is kept this long for one that may still come; then its registry is told to forget it.',
      examples: ['1h'],
    }).default('1h'),
  })
  .prefault({})
  .meta({ description: 'How long is kept what is no longer needed.' });
