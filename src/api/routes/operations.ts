import { z } from '@hono/zod-openapi';
import { Failure } from '../../kernel/failure.ts';
import type { ApiServices } from '../api-services.ts';
import { docsPage } from '../docs-page.ts';
import { openApiDocument } from '../open-api-document.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import type { ApiApp } from '../request-context.ts';
import { type Health, healthSchema, type Ready, readySchema } from '../schema/world-schema.ts';

/** What operators and tools ask of the service itself. Mounted last: the document describes what was mounted before it is first asked for. */
export function mountOperations(app: ApiApp, { health, version }: Pick<ApiServices, 'health' | 'version'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/healthz',
      operationId: 'getHealth',
      permission: 'open',
      tag: 'operations',
      summary: 'Is the process alive?',
      answers: { 200: jsonAnswer('It is', healthSchema) },
      failures: [],
    },
    (c) => c.json({ status: 'ok', version } satisfies Health),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/readyz',
      operationId: 'getReadiness',
      permission: 'open',
      tag: 'operations',
      summary: 'Can the service do its work?',
      description: 'Whether store, depot and configuration are usable; what a remote registry does has no say in it.',
      answers: { 200: jsonAnswer('It can', readySchema) },
      failures: ['not_ready'],
    },
    (c) => {
      const { ready, reasons } = health.readiness();
      if (ready) return c.json({ ready: true } satisfies Ready);
      const errors = reasons.map((detail) => ({ path: '', detail }));
      throw new Failure('not_ready', `The service is not ready: ${reasons.join('; ')}`, { errors });
    },
  );

  let json: string | undefined;
  mountOperation(
    app,
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      permission: 'open',
      tag: 'operations',
      summary: 'This API as an OpenAPI 3.1 document',
      answers: { 200: jsonAnswer('The document', z.record(z.string(), z.unknown())) },
      failures: [],
    },
    (c) => {
      json ??= JSON.stringify(openApiDocument(app, version));
      return c.body(json, 200, { 'content-type': 'application/json' });
    },
  );

  let page: string | undefined;
  mountOperation(
    app,
    {
      method: 'get',
      path: '/docs',
      operationId: 'getDocs',
      permission: 'open',
      tag: 'operations',
      summary: 'This API as a page to read',
      answers: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } } },
      failures: [],
    },
    (c) => {
      page ??= docsPage(openApiDocument(app, version));
      // The page needs nothing but itself, so nothing else may run or load in it.
      return c.body(page, 200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
      });
    },
  );
}
