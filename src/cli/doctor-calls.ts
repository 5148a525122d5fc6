import { z } from 'zod';
import { read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';

/** How long a service may look: registries are tried at once, but each step of a far one takes its time. */
const LOOKS_AT_MOST_MS = 120_000;

const checksSchema = z.array(
  z.looseObject({
    check: z.string(),
    state: z.string(),
    detail: z.string(),
    code: z.string().nullable(),
    ms: z.number(),
  }),
);

const examinedSchema = z.looseObject({
  ok: z.boolean(),
  service: checksSchema,
  registries: z.array(
    z.looseObject({
      registry: z.string(),
      kind: z.string(),
      url: z.string(),
      checks: checksSchema,
    }),
  ),
});

export type Examined = z.output<typeof examinedSchema>;

/** What the service sees of its registries. */
export async function askForExamination(client: ApiClient, registry: string | undefined): Promise<Examined> {
  const json = registry === undefined ? {} : { registry };
  const request = { method: 'POST', path: '/v1/doctor', json, waitMs: LOOKS_AT_MOST_MS } as const;
  return read(examinedSchema, await client.request(request));
}
