import { Cron } from 'croner';
import { z } from 'zod';
import { byteSize, count, filledText } from './field-schemas.ts';
import { timeZoneText } from './recommendation-schema.ts';
import { findBytes } from './to-bytes.ts';

const SMALLEST_PAYLOAD = 65_536;
const LARGEST_PAYLOAD = 16 * 2 ** 30;

const cronText = z
  .string({ error: 'must be text' })
  .superRefine((text, context) => {
    const message = findCronMistake(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({
    description: 'When it begins: minute, hour, day of the month, month, day of the week, as in crontab(5).',
    pattern: '^\\S+( +\\S+){4}$',
    examples: ['0 */2 * * *'],
  });

const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length;

/** Benchmarks that begin by themselves. */
export const scheduleSchema = z
  .strictObject({
    cron: cronText,
    timeZone: timeZoneText.optional().meta({ description: "Whose clock; by default the recommendation's time zone." }),
    rounds: count(10_000, { description: 'Rounds of each run.' }).default(1),
    legs: z
      .array(z.enum(['upload', 'download']))
      .min(1)
      .refine(isUnique, 'must not name a leg twice')
      .default(['upload'])
      .meta({ description: 'Download needs the agents of other sites.' }),
    sites: z
      .array(filledText({ description: "The name of a site that is not the service's own." }))
      .min(1)
      .optional()
      .meta({
        description: 'Whose agents take the downloads; by default every site with clusters that the service is not at.',
        examples: [['us-east']],
      }),
    registries: z
      .array(filledText({ description: 'The name of an enabled registry.' }))
      .min(1)
      .optional()
      .meta({ description: 'By default every enabled relay.' }),
    payloads: z
      .array(byteSize({ description: 'From 64KiB to 16GiB.', examples: ['16MB'] }))
      .min(1)
      .max(8)
      .refine((sizes) => sizes.every((size) => isPayload(findBytes(size))), 'must be sizes from 64KiB to 16GiB')
      .default(['1MB', '16MB'])
      .meta({ description: 'Sizes that are measured once a registry and round.' }),
    flows: z.boolean().optional().meta({
      description:
        'After the rounds, compare one connection with eight for each registry: up to 32 MB each. By default not.',
    }),
  })
  .meta({ description: 'A benchmark that begins by itself.' });

function isPayload(bytes: number | undefined): boolean {
  return bytes === undefined || (bytes >= SMALLEST_PAYLOAD && bytes <= LARGEST_PAYLOAD);
}

function findCronMistake(text: string): string | undefined {
  const wanted = 'must be a cron expression of five fields that comes true, such as 0 */2 * * *';
  if (text.trim().split(/\s+/).length !== 5) return wanted;
  try {
    return new Cron(text, { mode: '5-part', timezone: 'UTC' }).nextRun() === null ? wanted : undefined;
  } catch (error) {
    return `${wanted} (${error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'not readable'})`;
  }
}
