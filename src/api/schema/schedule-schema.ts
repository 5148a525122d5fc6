import { z } from '@hono/zod-openapi';
import { pageOf } from './page-schema.ts';
import { bytesSchema, instantSchema } from './text-schema.ts';

const scheduleRunSchema = z
  .object({
    dueAt: instantSchema,
    benchmark: z.string().nullable().openapi({ description: 'What was begun; null where the time was passed over' }),
    passedOver: z
      .enum(['not_running', 'still_running', 'quiet_hours', 'budget_used_up', 'refused'])
      .nullable()
      .openapi({
        description:
          'Why nothing was begun: the service was down, the last benchmark of the schedule ran still, it was a quiet hour, the bytes of the day were used up, or the plan was refused',
      }),
    detail: z.string().nullable(),
  })
  .openapi('ScheduleRun');

export const scheduleSchema = z
  .object({
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    rounds: z.number().int(),
    legs: z.array(z.string()),
    sites: z.array(z.string()).nullable().openapi({ description: 'Null: every site with clusters but the own one' }),
    registries: z.array(z.string()).nullable().openapi({ description: 'Null: every enabled relay' }),
    payloads: z.array(bytesSchema),
    nextAt: instantSchema.nullable().openapi({ description: 'When it is due next' }),
    runs: z.array(scheduleRunSchema).openapi({ description: 'What became of its last times, newest first' }),
  })
  .openapi('Schedule');

export type ScheduleBody = z.infer<typeof scheduleSchema>;

export const schedulePage = pageOf(scheduleSchema, 'SchedulePage');
