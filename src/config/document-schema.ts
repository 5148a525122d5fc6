import { z } from 'zod';
import { LOG_LEVELS } from '../kernel/log-level.ts';
import { accessSchema } from './access-schema.ts';
import { byteSize, count, durationText, filledText } from './field-schemas.ts';
import { measuringSchema } from './measuring-schema.ts';
import { IMAGE_PATTERN_PATTERN, NAME_PATTERN, SOURCE_KEY_PATTERN } from './name-forms.ts';
import { notifySchema } from './notify-schema.ts';
import { recommendationSchema } from './recommendation-schema.ts';
import { registrySchema, sourceSchema } from './registry-schema.ts';
import { checkRetention, retentionSchema } from './retention-schema.ts';
import { tlsSchema } from './tls-schema.ts';

const limitsSchema = z
  .strictObject({
    depotBytes: byteSize({
      description: 'Space on disk for blobs that are landed here on their way.',
      examples: ['200GiB'],
    }).default('200GiB'),
    transfersPerRegistry: count(1_000, { description: 'Releases sent to one registry at the same time.' }).default(4),
    blobsPerRegistry: count(1_000, {
      description:
        'Connections that move blobs to one registry at the same time, over all its transfers; at most 3 of them on a long path.',
    }).default(6),
    connectionsPerSource: count(100, {
      description:
        'Connections that read blobs from a source over a long path at the same time; fewer where fewer bring as much.',
    }).default(16),
    chunkBytes: byteSize({
      description:
        'Size of one chunk of an upload: what an interruption costs at most. Default: 8MiB, and 16MiB on a long path, where each chunk costs a round trip.',
      examples: ['8MiB'],
    }).optional(),
    deadline: durationText({
      description: 'How long a push may take, retries included, before what is left of it fails.',
      examples: ['6h'],
    }).default('6h'),
    stall: durationText({
      description:
        'A connection that moves no byte for this long is replaced; on a path that is known to be livelier, sooner.',
      examples: ['30s'],
    }).default('30s'),
    leastStall: durationText({
      description:
        'But never sooner than after this: ten times the longest usual pause of the path, between this and `stall`, which is the limit where it is less.',
      examples: ['10s'],
    }).default('10s'),
    archiveBytes: byteSize({ description: 'Largest archive accepted in one request.', examples: ['50GiB'] }).default(
      '50GiB',
    ),
  })
  .prefault({})
  .meta({ description: 'Bounds on space, parallel work and time.' });

const backfillSchema = z
  .strictObject({
    releases: count(100_000, {
      description: 'The newest releases of an image that a new choice carries over.',
    }).default(20),
    usedWithin: durationText({
      description: 'Releases that a cluster resolved within this time are carried over too.',
      examples: ['30d'],
    }).default('30d'),
  })
  .prefault({})
  .meta({ description: 'Which releases are sent to a registry when it becomes the choice of an image.' });

const failoverSchema = z
  .strictObject({
    after: durationText({
      description: 'How long the chosen registry must fail before the next one is answered.',
      examples: ['3m'],
    }).default('3m'),
    back: durationText({
      description: 'How long it must be well again before it is answered again.',
      examples: ['15m'],
    }).default('15m'),
  })
  .prefault({})
  .meta({ description: 'What happens when clusters cannot pull from the chosen registry.' });

const distributeRuleSchema = z
  .strictObject({
    tags: z
      .array(filledText({ description: 'A tag, or a pattern with *.' }))
      .min(1)
      .default(['*'])
      .meta({ description: 'Tags that are distributed.' }),
    except: z
      .array(filledText({ description: 'A tag, or a pattern with *.' }))
      .default([])
      .meta({ description: 'Tags of these that are not.' }),
  })
  .meta({ description: 'Which tags of the images that match are distributed.' });

const siteSchema = z
  .strictObject({
    service: z
      .boolean()
      .default(false)
      .meta({ description: 'Is this the site where the service itself runs? Exactly one is.' }),
  })
  .meta({ description: 'A place that builds, measures or consumes.' });

const clusterSchema = z
  .strictObject({
    site: filledText({ description: 'The site it is at, one of sites.' }),
    pulls: z
      .enum(['home', 'choice'])
      .meta({ description: "home pulls from the home registry, choice from each image's chosen relay." }),
  })
  .meta({ description: 'A cluster that asks where to pull.' });

const image = { propertyNames: { pattern: IMAGE_PATTERN_PATTERN } };
const named = { propertyNames: { pattern: NAME_PATTERN } };

/**
 * The configuration file as it is written, before its names are checked against each other. It holds nothing that is
 * transformed: what passes is normalised by world-from-document.ts, and editors get the same schema as JSON Schema.
 */
export const documentSchema = z
  .strictObject({
    registries: z.record(z.string(), registrySchema).meta({
      ...named,
      minProperties: 1,
      description: 'The registries that images are sent to, by name. Their order is the last resort of resolve.',
    }),
    sources: z
      .record(z.string(), sourceSchema)
      .default({})
      .meta({
        propertyNames: { pattern: SOURCE_KEY_PATTERN },
        description:
          'What a push may name as its source, by the host written there: harbor.bj in harbor.bj/team/app:1.2.3. A * stands for any first labels, there and in the url.',
      }),
    sites: z
      .record(z.string(), siteSchema)
      .meta({ ...named, minProperties: 1, description: 'The places there are, by name.' }),
    clusters: z
      .record(z.string(), clusterSchema)
      .default({})
      .meta({ ...named, description: 'The clusters that pull, by name.' }),
    choices: z
      .record(z.string(), filledText({ description: 'The name of an enabled relay registry.' }))
      .default({})
      .meta({
        ...image,
        description:
          'Default relay registry by image pattern; what operators choose is stored by the service and wins.',
        examples: [{ '*': 'singapore' }],
      }),
    limits: limitsSchema,
    backfill: backfillSchema,
    distribute: z
      .record(z.string(), distributeRuleSchema)
      .default({ '*': { tags: ['*'], except: ['*-cache', 'buildcache', 'sha256-*'] } })
      .meta({
        ...image,
        description: 'What is distributed at all, by image pattern. Writing this block replaces its default whole.',
      }),
    standby: z
      .record(z.string(), z.array(filledText({ description: 'The name of an enabled relay registry.' })).min(1))
      .default({})
      .meta({
        ...image,
        description:
          'Relay registries that receive every release too, by image pattern, and are answered first when the chosen one lacks it.',
        examples: [{ 'team/*': ['japan'] }],
      }),
    failover: failoverSchema,
    measuring: measuringSchema,
    recommendation: recommendationSchema,
    retention: retentionSchema,
    access: accessSchema,
    notify: notifySchema,
    tls: tlsSchema,
    log: z
      .strictObject({
        level: z.enum(LOG_LEVELS).default('info').meta({ description: 'ENTREPOT_LOG_LEVEL comes before it.' }),
      })
      .prefault({})
      .meta({ description: 'What the service logs.' }),
  })
  .superRefine(checkRetention)
  .meta({
    title: 'entrepot: the world of registries',
    description: 'Registries, sources, sites and clusters of one entrepot service.',
  });

/** The file's content once the schema passed, defaults filled in. */
export type ConfigDocument = z.output<typeof documentSchema>;
