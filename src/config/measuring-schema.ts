import { z } from 'zod';
import { byteSize } from './field-schemas.ts';

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
  })
  .prefault({})
  .meta({ description: 'What measuring may cost. A benchmark that reaches it waits.' });
