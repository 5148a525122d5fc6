import { z } from '@hono/zod-openapi';
import { parsePlatform } from '../../oci/platform.ts';
import { parseRelease } from '../../oci/reference.ts';
import { parseDeadline } from '../deadline.ts';
import { listOf, textOf } from './text-schema.ts';

const MAX_LABELS = 32;
const LABEL_KEY = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/;

const imageSchema = textOf(parseRelease).openapi({
  description: 'The release: an image with its tag',
  example: 'team/app:1.2.3',
});

const isUnique = (values: readonly string[]) => new Set(values).size === values.length;

const targetSchema = z.string().min(1).max(128);
const targetsCheck = <S extends z.ZodType<string[], unknown>>(schema: S) =>
  schema
    .refine((targets) => targets.length > 0 && targets.length <= 64, 'must name 1 to 64 registries')
    .refine(isUnique, 'must not name a registry twice');

const platformSchema = textOf(parsePlatform);
const platformsCheck = <S extends z.ZodType<string[], unknown>>(schema: S) =>
  schema
    .refine((platforms) => platforms.length <= 32, 'must name at most 32 platforms')
    .refine(isUnique, 'must not name a platform twice');

const labelsCheck = <S extends z.ZodType<Record<string, string>, unknown>>(schema: S) =>
  schema.superRefine((labels, context) => {
    const entries = Object.entries(labels);
    if (entries.length > MAX_LABELS)
      context.addIssue({ code: 'custom', message: `must be at most ${MAX_LABELS} labels` });
    for (const [key, value] of entries.slice(0, MAX_LABELS)) {
      const path = [key.slice(0, 128)];
      if (!LABEL_KEY.test(key))
        context.addIssue({
          code: 'custom',
          path,
          message:
            'must have a key of 1 to 128 letters, digits and . _ - /, beginning and ending with a letter or digit',
        });
      if (value.length > 256)
        context.addIssue({ code: 'custom', path, message: 'must have a value of at most 256 characters' });
    }
  });

const prioritySchema = z
  .enum(['urgent', 'normal', 'backfill'])
  .openapi({ description: 'Which pushes go first; `normal` when it is left out' });

const deadlineSchema = textOf(parseDeadline).openapi({
  description:
    'How long it may take, such as `2h`, or the instant (RFC 3339) by which it must be done; then its legs fail',
  example: '2h',
});

const TARGETS = 'Registries by name; left out, the home registries and the relay that the choice names now';
const PLATFORMS = 'Platforms to carry, such as `linux/amd64`; left out, all of them';
const REFERRERS = 'Are signatures, SBOMs and other referrers carried along? `true` when it is left out';

/** The body of `POST /v1/pushes` that names a source registry. */
export const newPushSchema = z
  .strictObject({
    image: imageSchema,
    source: z.string().min(1).max(1_024).openapi({
      description: '`KEY/name[:tag|@digest]`, KEY being one of the configured sources',
      example: 'harbor.bj/team/app:1.2.3',
    }),
    targets: targetsCheck(z.array(targetSchema))
      .optional()
      .openapi({ description: TARGETS, example: ['aliyun-beijing', 'singapore'] }),
    platforms: platformsCheck(z.array(platformSchema))
      .optional()
      .openapi({ description: PLATFORMS, example: ['linux/amd64'] }),
    referrers: z.boolean().optional().openapi({ description: REFERRERS }),
    labels: labelsCheck(z.record(z.string(), z.string()))
      .optional()
      .openapi({ type: 'object', additionalProperties: { type: 'string' }, example: { commit: '4f2a91c' } }),
    priority: prioritySchema.optional(),
    deadline: deadlineSchema.optional(),
  })
  .openapi('NewPush');

export type NewPushBody = z.input<typeof newPushSchema>;

const labelPairs = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .transform((pairs, context) => {
    const labels: [string, string][] = [];
    for (const pair of pairs) {
      const equals = pair.indexOf('=');
      if (equals < 1) context.addIssue({ code: 'custom', message: `"${pair.slice(0, 80)}" must be KEY=VALUE` });
      labels.push([pair.slice(0, equals), pair.slice(equals + 1)]);
    }
    return Object.fromEntries(labels);
  });

/** The query of `POST /v1/pushes` when the body is an archive. Names are those of the JSON body. */
export const archiveQuerySchema = z.strictObject({
  image: imageSchema,
  targets: targetsCheck(listOf(targetSchema, TARGETS)).optional(),
  platforms: platformsCheck(listOf(platformSchema, PLATFORMS)).optional(),
  referrers: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .openapi({ type: 'boolean', description: REFERRERS }),
  labels: labelsCheck(labelPairs)
    .optional()
    .openapi({ type: 'array', items: { type: 'string' }, description: '`KEY=VALUE`, repeated for each label' }),
  priority: prioritySchema.optional(),
  deadline: deadlineSchema.optional(),
});
