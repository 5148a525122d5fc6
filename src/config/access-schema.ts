import { z } from 'zod';

/** `access` of the configuration file. */
export const accessSchema = z
  .strictObject({
    anonymous: z.enum(['none', 'read']).default('none').meta({
      description:
        'What callers without a token may do: nothing, or read images, pushes, choices, measurements and answers, and pull at the door. They never write.',
    }),
    metrics: z
      .enum(['token', 'open'])
      .default('token')
      .meta({ description: 'Whether /metrics asks for a token (of role ops or admin), or answers everyone.' }),
  })
  .prefault({})
  .meta({ description: 'Who is let in beside those with a token.' });
