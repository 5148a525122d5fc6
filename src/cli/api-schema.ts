import { z } from 'zod';
import { count, number, text } from './answer-fields.ts';

// Only what no answer can do without is demanded; what is missing besides reads as null or 0, and fields that are not
// known here pass through to `--json`.

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.looseObject({ items: z.array(item), next: text });
}

export const transferSchema = z.looseObject({
  registry: z.string(),
  role: text,
  state: z.string(),
  digest: text,
  blobsTotal: count,
  blobsDone: count,
  bytesTotal: count,
  bytesSent: count,
  bytesSavedPresent: count,
  bytesSavedMounted: count,
  bytesResent: count,
  blobsRestarted: count,
  rate: number,
  expectedAt: text,
  congestionControl: text,
  connectionsReplaced: z
    .looseObject({ stalled: count, slow: count })
    .nullish()
    .transform((value) => value ?? { stalled: 0, slow: 0 }),
  estimate: z
    .looseObject({ basis: text, medianMs: number, p90Ms: number })
    .nullish()
    .transform((value) => value ?? null),
  attempts: count,
  nextAttemptAt: text,
  placedAt: text,
  error: z
    .looseObject({ code: z.string(), detail: z.string(), side: text, step: text, at: text })
    .nullish()
    .transform((value) => value ?? null),
});

export const pushSchema = z.looseObject({
  id: z.string(),
  image: z.string(),
  digest: text,
  state: z.string(),
  source: z
    .looseObject({ kind: text })
    .nullish()
    .transform((value) => value ?? null),
  unchanged: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  createdAt: text,
  finishedAt: text,
  bytesTotal: number,
  bytesLanded: count,
  transfers: z.array(transferSchema),
});

export const choiceSchema = z.looseObject({
  registry: z.string(),
  revision: z.number(),
  source: text,
  who: text,
  at: text,
  reason: text,
  previous: text,
  backfill: z
    .looseObject({ total: z.number(), placed: z.number(), failed: z.number() })
    .nullish()
    .transform((value) => value ?? null),
});

export const resolutionSchema = z.looseObject({
  reference: z.string(),
  registry: z.string(),
  state: z.string(),
  reason: text,
  push: text,
});

export const imageSummarySchema = z.looseObject({ name: z.string(), tags: count, pushedAt: text, registry: text });

export const releaseSchema = z.looseObject({
  tag: z.string(),
  digest: text,
  platforms: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  push: text,
  acceptedAt: text,
  placements: z.array(
    z.looseObject({ registry: z.string(), digest: text, placedAt: text, verifiedAt: text, note: text }),
  ),
});

export const imageSchema = z.looseObject({
  name: z.string(),
  tags: count,
  pushedAt: text,
  choice: choiceSchema.nullish().transform((value) => value ?? null),
  releases: pageSchema(releaseSchema),
});

export const problemSchema = z.looseObject({
  title: z.string().nullish(),
  status: z.number().nullish(),
  detail: z.string().nullish(),
  code: z.string().nullish(),
  errors: z.array(z.looseObject({ path: z.string(), detail: z.string() })).nullish(),
});

export type Push = z.output<typeof pushSchema>;
export type Transfer = z.output<typeof transferSchema>;
export type Choice = z.output<typeof choiceSchema>;
export type ResolveAnswer = z.output<typeof resolutionSchema>;

/** Of a push's states `running` is the only one that may still change. */
export function isFinal(push: Push): boolean {
  return push.state !== 'running';
}

export const pullCredentialsSchema = z.looseObject({
  dockerconfigjson: z.looseObject({ auths: z.record(z.string(), z.unknown()) }),
  expiresAt: text,
  registries: z.array(z.looseObject({ registry: z.string(), host: z.string() })),
  missing: z.array(z.looseObject({ registry: z.string(), reason: z.string() })),
});
export type PullCredentialsAnswer = z.output<typeof pullCredentialsSchema>;
