import { z } from 'zod';
import { text } from './answer-fields.ts';
import { read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';

const scheduleSchema = z.looseObject({
  name: z.string(),
  cron: text.default(null),
  timeZone: text.default(null),
  rounds: z.number().default(1),
  legs: z.array(z.string()).default([]),
  sites: z.array(z.string()).nullable().default(null),
  nextAt: text,
  runs: z.array(z.looseObject({ dueAt: z.string(), benchmark: text, passedOver: text, detail: text })).default([]),
});

export type ScheduleAnswer = z.output<typeof scheduleSchema>;

export async function listSchedules(client: ApiClient): Promise<readonly ScheduleAnswer[]> {
  const page = z.looseObject({ items: z.array(scheduleSchema) });
  return read(page, await client.request({ method: 'GET', path: '/v1/schedules' })).items;
}
