import { z } from '@hono/zod-openapi';
import { parseByteSize } from '../../kernel/byte-size.ts';
import { parseDuration } from '../../kernel/duration.ts';
import { pageOf } from './page-schema.ts';
import { bytesSchema, instantSchema } from './text-schema.ts';

const LARGEST_PAYLOAD = 2 ** 34;
const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length;

const payloadSchema = z
  .union([z.number(), z.string().max(32)])
  .transform((value, context) => {
    try {
      const bytes = typeof value === 'number' ? value : parseByteSize(value);
      if (Number.isSafeInteger(bytes) && bytes >= 65_536 && bytes <= LARGEST_PAYLOAD) return bytes;
    } catch {
      // Said below.
    }
    context.addIssue({ code: 'custom', message: 'must be a size from 64KiB to 16GiB, such as 16MB' });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: '16MB' });

const SHORTEST_IDLE_MS = 200;
const LONGEST_IDLE_MS = 60_000;

const idleSchema = z
  .string()
  .max(32)
  .transform((text, context) => {
    try {
      const ms = parseDuration(text);
      if (ms >= SHORTEST_IDLE_MS && ms <= LONGEST_IDLE_MS) return ms;
    } catch {
      // Said below.
    }
    context.addIssue({ code: 'custom', message: 'must be a duration from 200ms to 1m, such as 500ms' });
    return z.NEVER;
  })
  .openapi({
    type: 'string',
    example: '500ms',
    description: 'How long round trips without load are probed before each sample; 2s when it is left out',
  });

export const newBenchmarkSchema = z
  .strictObject({
    rounds: z.number().int().min(1).max(10_000).openapi({ description: 'How often every registry is measured' }),
    legs: z
      .array(z.enum(['upload', 'download']))
      .min(1)
      .refine(isUnique, 'must not name a leg twice')
      .default(['upload'])
      .openapi({ description: 'upload: from the site of the service; download: to other sites, by their agents' }),
    sites: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(16)
      .refine(isUnique, 'must not name a site twice')
      .optional()
      .openapi({
        description: 'Where downloads are taken; left out, every site with clusters that the service is not at',
      }),
    registries: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(64)
      .refine(isUnique, 'must not name a registry twice')
      .optional()
      .openapi({ description: 'By name; left out, every enabled relay' }),
    payloads: z
      .array(payloadSchema)
      .min(1)
      .max(8)
      .refine(isUnique, 'must not name a size twice')
      .default([1_000_000, 16_000_000])
      .openapi({ description: 'Sizes of the blobs; each is measured once a registry and round' }),
    idle: idleSchema.optional(),
    flows: z.boolean().optional().openapi({
      description:
        'After the rounds, compare one connection with eight for each registry: up to 32 MB each, which tell loss from a cap',
    }),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional()
      .openapi({ description: 'Decides the order of the registries in each round; random when it is left out' }),
  })
  .openapi('NewBenchmark');

const agentPresenceSchema = z
  .object({
    site: z.string(),
    agent: z.string().nullable().openapi({ description: 'Null where none ever came' }),
    seenAt: instantSchema.nullable(),
    clockOffsetMs: z.number().nullable().openapi({ description: "How far its clock is behind the service's" }),
    state: z.enum(['waiting', 'measuring', 'away']),
  })
  .openapi('AgentPresence');

export const benchmarkSchema = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'finished', 'stopped']),
    waitingFor: z.enum(['turn', 'budget', 'quiet', 'agent']).nullable().openapi({
      description:
        'Why it does not go on now: another benchmark runs, the budget of the day is used up, it is a quiet hour, or an agent is away (uploads go on without it)',
    }),
    createdAt: instantSchema,
    finishedAt: instantSchema.nullable(),
    schedule: z.string().nullable().openapi({ description: 'The schedule of the configuration that began it' }),
    rounds: z.number().int(),
    roundsDone: z.number().int(),
    samples: z.number().int(),
    legs: z.array(z.string()),
    leftOut: z.array(z.object({ registry: z.string(), reason: z.enum(['unreachable', 'budget']) })).openapi({
      description:
        'Registries that it goes on without for now: they do not answer, or their bytes of the day are used up',
    }),
    agents: z.array(agentPresenceSchema).openapi({ description: 'Those that take its downloads, one for each site' }),
    registries: z.array(z.string()),
    payloads: z.array(bytesSchema),
    seed: z.number().int(),
    expectedBytes: bytesSchema,
  })
  .openapi('Benchmark');

export type BenchmarkBody = z.infer<typeof benchmarkSchema>;

export const benchmarkPage = pageOf(benchmarkSchema, 'BenchmarkPage');
export const benchmarkParams = z.object({ id: z.string().min(1).max(80) });

const milliseconds = z.number().nullable();
const roundTripsSchema = z
  .object({
    sent: z.number().int(),
    lost: z.number().int(),
    min: z.number(),
    p50: z.number(),
    p95: z.number(),
    max: z.number(),
    jitterRfc3550: z.number(),
    meanDifference: z.number(),
    variationP95: z.number(),
  })
  .nullable()
  .openapi('RoundTrips', { description: 'Milliseconds; null where nothing was answered' });

export const sampleSchema = z
  .object({
    id: z.string(),
    campaign: z.string(),
    source: z.enum(['benchmark', 'production']),
    site: z.string(),
    registry: z.string(),
    leg: z.enum(['upload', 'download']),
    round: z.string(),
    at: instantSchema,
    payloadBytes: bytesSchema,
    ok: z.boolean(),
    error: z.object({ code: z.string(), step: z.string().nullable(), detail: z.string() }).nullable(),
    setup: z.object({ dnsMs: milliseconds, connectMs: milliseconds, tlsMs: milliseconds, firstByteMs: milliseconds }),
    setupSeconds: z.number(),
    bodySeconds: z.number().nullable(),
    rate: z.number().nullable().openapi({ description: 'Bytes per second once under way' }),
    wholeRate: z.number().nullable().openapi({ description: 'Bytes per second, ramp-up included' }),
    intervalMs: z.number(),
    intervalBytes: z.array(z.number()),
    bytesFrom: z.enum(['acknowledged', 'written', 'received']),
    stalls: z.number().int(),
    longestGapMs: z.number(),
    idle: roundTripsSchema,
    loaded: roundTripsSchema,
    idleMs: milliseconds,
    loadedMs: milliseconds,
    jitterMs: milliseconds,
    connections: z.number().int(),
    congestionControl: z.string().nullable(),
    retransmittedBytes: z.number().nullable(),
    localLoad: z.number().nullable(),
    retries: z.number().int().optional().openapi({ description: 'Of transfers; only samples of production have it' }),
    suspect: z.boolean(),
  })
  .openapi('Sample');

export const samplePage = pageOf(sampleSchema, 'SamplePage');
