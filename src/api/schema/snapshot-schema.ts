import { z } from '@hono/zod-openapi';
import { problemSchema } from './problem-schema.ts';
import { resolveSchema } from './resolve-schema.ts';
import { instantSchema } from './text-schema.ts';

const revision = z
  .number()
  .openapi({ type: 'integer', description: 'Grows with every change of the answers; nothing else follows from it' });

const snapshotRegistrySchema = z.object({
  name: z.string(),
  kind: z.enum(['oci', 'ecr', 'acr']),
  role: z.enum(['home', 'relay']),
  region: z.string(),
  url: z.string().openapi({ description: 'Its address as this site reaches it' }),
  prefix: z.string(),
  names: z.enum(['nested', 'flat']),
  internal: z.boolean(),
});

const snapshotAnswerSchema = z.object({
  cluster: z.string(),
  image: z.string().openapi({ description: '`name:tag` or `name@digest`', example: 'team/app:1.2.3' }),
  answer: resolveSchema.nullable(),
  problem: problemSchema.nullable().openapi({ description: 'What it is answered where there is no answer' }),
});

/** Of a token with which one of the clusters asks and pulls: its bearer is known by it, and nobody can become it. */
const snapshotTokenSchema = z.object({
  name: z.string(),
  hash: z.string().openapi({ description: 'SHA-256 of the token, base64url' }),
  images: z.array(z.string()),
  cluster: z.string(),
  expiresAt: z.number().nullable().openapi({ description: 'Milliseconds since the epoch; null for never' }),
});

export const signatureSchema = z.object({
  algorithm: z.literal('ed25519'),
  publicKey: z.string().openapi({ description: 'The public key of the service (SPKI, DER) in base64' }),
  value: z.string().openapi({
    description: 'In base64, of the object without `signature`, as JSON with sorted keys and no spaces',
  }),
});

export const snapshotSchema = z
  .object({
    site: z.string().openapi({ example: 'us-east' }),
    revision,
    asOf: instantSchema,
    clusters: z.array(z.object({ name: z.string(), pulls: z.enum(['home', 'choice']) })),
    registries: z.array(snapshotRegistrySchema),
    failover: z.object({ afterMs: z.number(), backMs: z.number() }),
    answers: z.array(snapshotAnswerSchema),
    tokens: z.array(snapshotTokenSchema).openapi({ description: 'The tokens of the clusters that hold' }),
    anonymous: z.enum(['none', 'read']).openapi({ description: 'What callers without a token may do' }),
    signature: signatureSchema,
  })
  .openapi('Snapshot');

export type Snapshot = z.infer<typeof snapshotSchema>;
export type SnapshotSignature = z.infer<typeof signatureSchema>;
export type UnsignedSnapshot = Omit<Snapshot, 'signature'>;
