import { z } from '@hono/zod-openapi';
import { instantSchema } from './text-schema.ts';

export const clusterParams = z.strictObject({ name: z.string().min(1).max(128).openapi({ example: 'us-east-prod' }) });

export const pullCredentialsSchema = z
  .object({
    cluster: z.string().openapi({ example: 'us-east-prod' }),
    dockerconfigjson: z
      .object({
        auths: z.record(z.string(), z.object({ username: z.string(), password: z.string(), auth: z.string() })),
      })
      .openapi({ description: 'What an imagePullSecret of type kubernetes.io/dockerconfigjson holds' }),
    expiresAt: instantSchema.nullable().openapi({ description: 'When the first of them ends; null: none does' }),
    registries: z.array(z.object({ registry: z.string(), host: z.string(), expiresAt: instantSchema.nullable() })),
    missing: z
      .array(z.object({ registry: z.string(), host: z.string(), reason: z.string() }))
      .openapi({ description: 'Registries that the cluster may be sent to and that nothing could be made for' }),
  })
  .openapi('PullCredentials');

export type PullCredentialsAnswer = z.infer<typeof pullCredentialsSchema>;
