import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentSchedule } from '../present/present-schedule.ts';
import type { ApiApp } from '../request-context.ts';
import { schedulePage } from '../schema/schedule-schema.ts';

/** The benchmarks that begin by themselves. */
export function mountSchedules(app: ApiApp, { schedules }: Pick<ApiServices, 'schedules'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/schedules',
      operationId: 'listSchedules',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'Benchmarks that the configuration schedules, when they are due, and what became of their last times',
      answers: { 200: jsonAnswer('All of them', schedulePage) },
      failures: [],
    },
    async (c) => c.json({ items: (await schedules.list()).map(presentSchedule), next: null }),
  );
}
