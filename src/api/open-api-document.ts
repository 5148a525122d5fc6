import type { ApiApp } from './request-context.ts';
import { transferEventSchema } from './schema/push-schema.ts';

export type OpenApiDocument = ReturnType<ApiApp['getOpenAPI31Document']>;

const TAGS = [
  { name: 'pushes', description: 'Distributing releases' },
  { name: 'images', description: 'What was released, and where it lies' },
  { name: 'choices', description: 'Which relay registry images come from' },
  { name: 'resolve', description: 'Where a cluster pulls an image from' },
  { name: 'benchmarks', description: 'Measuring the relays, and what the measurements advise' },
  { name: 'access', description: 'Tokens, and who did what' },
  { name: 'notifications', description: 'Who is told what happens, and whether it arrived' },
  { name: 'world', description: 'The configured registries and clusters, and the depot' },
  { name: 'operations', description: 'The service itself' },
];

const DESCRIPTION = `Push an image once, have it placed at the home registry and at its chosen relay, and ask where a cluster pulls it from.

Times are RFC 3339 UTC, sizes are bytes, durations are written \`500ms\`, \`30s\`, \`5m\`, \`2h\`. Requests with fields that are not known are refused; answers may grow fields, which must be ignored.
Errors are problem documents (RFC 9457) with a stable \`code\`. Image names in paths are percent-encoded (\`team%2Fapp\`); plain slashes are taken where the rest of the path is unambiguous.
Callers show a token, \`Authorization: Bearer …\`; who may do what is said with each operation. Every answer carries \`X-Request-Id\`.`;

/** The app's operations as OpenAPI 3.1, made from the schemas that check requests. */
export function openApiDocument(app: ApiApp, version: string): OpenApiDocument {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'entrepot',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ bearer: [] }],
  });
}

/** Adds what no operation refers to but readers of the document need. */
export function registerComponents(app: ApiApp): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  app.openAPIRegistry.register('TransferEvent', transferEventSchema);
}
