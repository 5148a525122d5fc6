import { z } from '@hono/zod-openapi';

/** What is looked at, in this order; what needs an earlier one is skipped when that failed. */
export const DOCTOR_CHECKS = [
  'certificate',
  'dns',
  'tcp',
  'tls',
  'congestion',
  'clock',
  'credentials',
  'create',
  'push',
  'pull',
  'redirect',
  'limits',
  'cleanup',
] as const;

/** `warning` is what works and could be better; only `failed` makes the whole fail. */
export const DOCTOR_STATES = ['ok', 'warning', 'failed', 'skipped'] as const;

export const doctorRequestSchema = z
  .strictObject({
    registry: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .openapi({ description: 'Only this one; else all that are enabled' }),
  })
  .openapi('Examination');

const doctorCheckSchema = z.object({
  check: z.enum(DOCTOR_CHECKS),
  state: z.enum(DOCTOR_STATES),
  detail: z.string(),
  code: z.string().nullable().openapi({ description: 'Of the failure, where there was one' }),
  ms: z.number(),
});

export const doctorReportSchema = z
  .object({
    ok: z.boolean().openapi({ description: 'Nothing has failed' }),
    service: z
      .array(doctorCheckSchema)
      .openapi({ description: 'What concerns the service itself: nothing where it has no certificate of its own' }),
    registries: z.array(
      z.object({
        registry: z.string().openapi({ example: 'singapore' }),
        kind: z.enum(['oci', 'ecr', 'acr']),
        url: z.string(),
        checks: z.array(doctorCheckSchema),
      }),
    ),
  })
  .openapi('DoctorReport');

export type DoctorCheck = Readonly<z.infer<typeof doctorCheckSchema>>;
export type Examined = z.infer<typeof doctorReportSchema>;
