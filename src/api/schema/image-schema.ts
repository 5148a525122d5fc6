import { z } from '@hono/zod-openapi';
import { choiceSchema } from './choice-schema.ts';
import { pageOf } from './page-schema.ts';
import { digestSchema, instantSchema } from './text-schema.ts';

const platformsSchema = z.array(z.string()).openapi({
  description: 'The platforms that its push named, sorted; empty means all',
  example: ['linux/arm64'],
});

export const placementSchema = z
  .object({
    registry: z.string(),
    region: z.string().nullable().openapi({ description: 'Null when the registry is no longer configured' }),
    digest: digestSchema.openapi({ description: 'The digest there' }),
    sourceDigest: digestSchema.openapi({ description: "The source's digest" }),
    platforms: platformsSchema,
    reference: z.string().nullable().openapi({
      description:
        "`host/repository@digest` by the address of the service's own site; null when the registry is no longer configured",
    }),
    placedAt: instantSchema,
    verifiedAt: instantSchema.openapi({ description: 'When it was last seen complete' }),
    rewritten: z
      .array(z.enum(['platforms', 'attestations-dropped']))
      .openapi({ description: 'Why the two digests differ; empty when they do not' }),
    note: z.string().nullable().openapi({
      description: 'What the image lacks there, in words: `delivered without attestations`; null when it lacks nothing',
    }),
  })
  .openapi('Placement');

export type Placement = z.infer<typeof placementSchema>;

const release = {
  tag: z.string().openapi({ example: '1.2.3' }),
  digest: digestSchema.nullable().openapi({ description: 'Null until the source has said it' }),
  platforms: platformsSchema,
  push: z.string().openapi({ description: 'The push that made it' }),
  acceptedAt: instantSchema,
};

export const releaseSchema = z.object({ ...release, placements: z.array(placementSchema) }).openapi('Release');
export type Release = z.infer<typeof releaseSchema>;

export const releaseHistoryEntrySchema = z
  .object({ digest: release.digest, platforms: release.platforms, push: release.push, acceptedAt: release.acceptedAt })
  .openapi('ReleaseHistoryEntry');

export const imageSummarySchema = z
  .object({
    name: z.string().openapi({ example: 'team/app' }),
    tags: z.number().openapi({ type: 'integer', description: 'How many tags it has' }),
    pushedAt: instantSchema.openapi({ description: 'When a release of it was last accepted' }),
    registry: z.string().nullable().openapi({ description: 'The relay that is chosen for it now; null when none is' }),
  })
  .openapi('ImageSummary');

export type ImageSummary = z.infer<typeof imageSummarySchema>;

export const imagePageSchema = pageOf(imageSummarySchema, 'ImagePage');

export const imageSchema = z
  .object({
    name: z.string().openapi({ example: 'team/app' }),
    tags: z.number().openapi({ type: 'integer' }),
    pushedAt: instantSchema,
    choice: choiceSchema.nullable(),
    releases: pageOf(releaseSchema, 'ReleasePage').openapi({
      description: 'What each tag means now, newest first; `limit` and `cursor` page them',
    }),
  })
  .openapi('Image');

export type Image = z.infer<typeof imageSchema>;

export const imageTagSchema = z
  .object({
    name: z.string().openapi({ example: 'team/app' }),
    ...release,
    placements: z.array(placementSchema),
    history: pageOf(releaseHistoryEntrySchema, 'ReleaseHistoryPage').openapi({
      description: 'Everything the tag has meant, newest first; `limit` and `cursor` page it',
    }),
  })
  .openapi('ImageTag');

export type ImageTag = z.infer<typeof imageTagSchema>;
