import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import type { ApiApp } from '../request-context.ts';
import { doctorReportSchema, doctorRequestSchema } from '../schema/doctor-schema.ts';

/** What the service itself sees of its registries, with its own network and credentials. */
export function mountExamineRegistries(app: ApiApp, { doctor }: Pick<ApiServices, 'doctor'>): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/doctor',
      operationId: 'examineRegistries',
      permission: 'world.examine',
      audit: 'registries.examine',
      tag: 'world',
      summary: 'Try what pushes and pulls need of each registry',
      description:
        'DNS, TCP, TLS, clock, credentials, creating, pushing and pulling a tiny artifact that is removed again, where blobs come from, congestion control: from where the service runs and with its credentials. One examination at a time; others wait for it.',
      body: doctorRequestSchema,
      answers: { 200: jsonAnswer('What was found', doctorReportSchema) },
      failures: ['validation_failed', 'registry_unknown'],
    },
    async (c, { body: { registry } }) => c.json(await doctor.examine(registry)),
  );
}
