import { z } from '@hono/zod-openapi';
import { pageOf } from './page-schema.ts';
import { bytesSchema, instantSchema } from './text-schema.ts';

export const registrySchema = z
  .object({
    name: z.string().openapi({ example: 'singapore' }),
    kind: z.enum(['oci', 'ecr', 'acr']),
    role: z.enum(['home', 'relay']),
    region: z.string().openapi({ example: 'ap-southeast-1' }),
    url: z.string(),
    addresses: z.record(z.string(), z.string()).openapi({ description: 'Its address for other sites, by site' }),
    prefix: z.string(),
    names: z.enum(['nested', 'flat']),
    attestations: z.enum(['keep', 'drop']),
    enabled: z.boolean(),
    costPerGb: z.number().nullable(),
    health: z.object({
      healthy: z.boolean().nullable().openapi({ description: 'Null while it has not been asked yet' }),
      reason: z.string().nullable(),
      checkedAt: instantSchema.nullable(),
    }),
  })
  .openapi('Registry');

export type Registry = z.infer<typeof registrySchema>;
export const registryPageSchema = pageOf(registrySchema, 'RegistryPage');

export const clusterSchema = z
  .object({
    name: z.string().openapi({ example: 'us-east-prod' }),
    site: z.string().openapi({ example: 'us-east' }),
    pulls: z.enum(['home', 'choice']),
  })
  .openapi('Cluster');

export type Cluster = z.infer<typeof clusterSchema>;
export const clusterPageSchema = pageOf(clusterSchema, 'ClusterPage');

export const depotSchema = z
  .object({
    limitBytes: bytesSchema,
    usedBytes: bytesSchema,
    landingBytes: bytesSchema.openapi({ description: 'Of those used, bytes of blobs that are still landing' }),
    pinnedBytes: bytesSchema.openapi({ description: 'Bytes that unfinished pushes hold' }),
    blobs: z.number().openapi({ type: 'integer', description: 'Whole blobs' }),
  })
  .openapi('Depot');

export type Depot = z.infer<typeof depotSchema>;

export const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).openapi('Health');
export type Health = z.infer<typeof healthSchema>;

export const readySchema = z.object({ ready: z.literal(true) }).openapi('Ready');
export type Ready = z.infer<typeof readySchema>;
